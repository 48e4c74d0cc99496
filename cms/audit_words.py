"""What readers call the actions of the audit log; every app registers its own beside its services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cms.enums import (
    AccountProof,
    AccountRelation,
    ConsentWay,
    DataField,
    DataRequestState,
    EmploymentModel,
    IdType,
    PersonGroup,
    PolicyKind,
    RevealReason,
)
from cms.registry import Registry
from cms.roles import Role

action_words: Registry[Promise] = Registry("words of audit actions")
data_words: Registry[Promise] = Registry("words of what audit entries hold")


@dataclass(frozen=True)
class NameSource:
    """Where the name behind an id in an entry is looked up: a model by label, its field, what the id is."""

    model: str
    field: str
    key: str = "pk"


name_sources: Registry[NameSource] = Registry("names behind ids in audit entries")
subject_names: Registry[str] = Registry("names of what audit entries are about")
_vocabularies: dict[str, dict[str, Any]] = {}


def register_actions(words: Mapping[str, Promise]) -> None:
    """Register the words of several actions; an action has one name."""
    for action, name in words.items():
        action_words.register(action, name)


def register_data(words: Mapping[str, Promise], names: Mapping[str, NameSource] | None = None) -> None:
    """Register what the keys of entries' data are called, and which of them are ids with a name."""
    for key, word in words.items():
        data_words.register(key, word)
    for key, source in (names or {}).items():
        name_sources.register(key, source)


def register_subjects(fields: Mapping[str, str]) -> None:
    """Register by which field an object is named on screen, by model label; the entry keeps its key."""
    for label, field in fields.items():
        subject_names.register(label, field)


def register_values(vocabularies: Mapping[str, Iterable[tuple[Any, Any]]]) -> None:
    """Let values under a key be shown in words; several vocabularies (``.choices``) may share a key."""
    for key, vocabulary in vocabularies.items():
        _vocabularies.setdefault(key, {}).update({str(value): word for value, word in vocabulary})


def value_word(key: str, value: str) -> str | None:
    """Return the word for ``value`` under ``key``, or None where no vocabulary has it."""
    word = _vocabularies.get(key, {}).get(value)
    return None if word is None else str(word)


def words_of(action: str) -> str:
    """Return the action in the reader's language, or its code where nobody named it."""
    return str(action_words.get(action)) if action in action_words else action


register_actions(
    {
        "account.act_for": _("可以代办"),
        "account.close": _("关闭账号"),
        "account.create": _("建立账号"),
        "account.leave": _("不再代办"),
        "account.sign_in": _("登录"),
        "account.sign_up": _("注册账号"),
        "data_request.answer": _("答复更正或删除申请"),
        "data_request.approve": _("复核同意删除"),
        "data_request.ask": _("申请更正或删除"),
        "data_request.propose": _("经办删除申请"),
        "data_request.return": _("退回删除申请"),
        "data_request.withdraw": _("撤回更正或删除申请"),
        "delivery.retry": _("消息再发一次"),
        "export.make": _("导出一张表"),
        "export.pack": _("取加密压缩包"),
        "factor.add": _("开第二重验证"),
        "factor.recovery_code": _("使用备用码"),
        "factor.recovery_renew": _("重发备用码"),
        "factor.remove": _("关第二重验证"),
        "factor.reset": _("重设第二重验证"),
        "consent.give": _("同意说明"),
        "consent.withdraw": _("撤回同意"),
        "file.download": _("下载文件"),
        "file.expire": _("删除到期文件"),
        "keys.rotate": _("更换密钥"),
        "job.cancel": _("取消后台任务"),
        "job.resume": _("继续后台任务"),
        "job.retry": _("再试搁置的项目"),
        "job.start": _("提交后台任务"),
        "membership.end": _("结束任职"),
        "membership.grant": _("授予角色"),
        "messages.choose": _("修改消息设置"),
        "note.erase": _("按要求删除说明"),
        "organisation.change": _("修改机构"),
        "organisation.create": _("新登记机构"),
        "organisation.licence": _("登记许可或备案"),
        "organisation.licence_correct": _("更正许可或备案"),
        "password.change": _("修改密码"),
        "password.paper": _("开重设密码凭条"),
        "password.reset": _("重设密码"),
        "person.affiliate": _("关联机构"),
        "person.affiliate_again": _("重新关联机构"),
        "person.document": _("窗口登记证件"),
        "person.erase": _("按申请删除"),
        "person.export": _("导出本人数据"),
        "person.fill": _("补充登记"),
        "person.in_post": _("登记在岗"),
        "person.in_post_end": _("登记离岗"),
        "person.merge": _("合并重复登记"),
        "person.accept_correction": _("同意更正"),
        "person.correct": _("更正身份"),
        "person.decline_correction": _("不同意更正"),
        "person.education": _("登记学历"),
        "person.health": _("登记健康证"),
        "person.propose": _("提出更正"),
        "person.withdraw_correction": _("撤回更正"),
        "person.not_same": _("认定不是同一人"),
        "person.undo_merge": _("撤销合并"),
        "person.register": _("登记人员"),
        "person.find": _("按证件号码查到"),
        "person.reveal": _("看完整号码"),
        "person.remark": _("更新备注"),
        "person.tag": _("登记人员类别"),
        "quiet_hours.save": _("登记免打扰时段"),
        "region.import": _("导入行政区划"),
        "region.succeed": _("登记区划变更"),
        "region.undo_succession": _("撤销区划变更"),
        "import.confirm": _("确认导入表格"),
        "import.import": _("导入表格"),
        "import.upload": _("上传表格"),
        "signing_key.activate": _("启用签名密钥"),
        "signing_key.make": _("生成签名密钥"),
        "signing_key.retire": _("停用签名密钥"),
        "signing_key.revoke": _("吊销签名密钥"),
        "session.end": _("退出设备"),
        "policy.publish": _("发布说明或同意书"),
        "policy.rule": _("规定报名前要同意什么"),
        "site.page": _("发布网站页面"),
        "site.publish": _("发布网站首页"),
        "site.words": _("修改网站信息"),
        "slip.make": _("开凭条"),
        "slip.redeem": _("使用凭条"),
        "undertaking.sign": _("签承诺书"),
    }
)

register_data(
    {
        "answer": _("答复"),
        "channel": _("怎么发的"),
        "code": _("代号"),
        "codes_left": _("剩下的备用码"),
        "consent": _("同意书版本"),
        "count": _("项数"),
        "days": _("起止日期"),
        "digests_removed": _("删掉的检索码"),
        "document": _("依据文件"),
        "ended": _("结束了几处"),
        "field": _("哪一项"),
        "field_key": _("更换到的字段密钥"),
        "factor": _("第二重验证"),
        "fields": _("栏目"),
        "file": _("文件"),
        "file_sha256": _("文件摘要"),
        "group": _("人员类别"),
        "id_type": _("证件类型"),
        "is_change": _("属于变更备案"),
        "kept": _("留下的登记"),
        "merged": _("并掉的登记"),
        "choices": _("怎么选的"),
        "kid": _("密钥编号"),
        "kind": _("种类"),
        "holds": _("依法要留的理由"),
        "how": _("同意方式"),
        "in_clear": _("带完整号码"),
        "held": _("留下的"),
        "language": _("语言"),
        "languages": _("有哪几种语言"),
        "required": _("报名前要同意"),
        "text_version": _("第几版"),
        "late": _("事后变更"),
        "left": _("没换成的"),
        "link": _("下载链接"),
        "lookup_key": _("更换到的检索密钥"),
        "model": _("用工方式"),
        "name": _("名称"),
        "note": _("说明"),
        "number": _("编号"),
        "person": _("人员"),
        "positions": _("第几项"),
        "predecessor": _("原地区"),
        "proof": _("凭据"),
        "proven": _("核验过的人员"),
        "purpose": _("用途"),
        "reason": _("原因"),
        "refused": _("不收的消息"),
        "regions": _("地区"),
        "relation": _("关系"),
        "remarks": _("意见"),
        "replaces": _("代替了第几条"),
        "role": _("角色"),
        "rows": _("行数"),
        "sha256": _("摘要"),
        "since": _("从"),
        "size": _("大小（字节）"),
        "slug": _("网址段"),
        "source": _("来源"),
        "successor": _("并入地区"),
        "store": _("私钥存放"),
        "title": _("名称"),
        "until": _("到"),
        "user": _("账号"),
        "verified": _("已核验"),
        "way": _("登录方式"),
        "completed": _("结业人数"),
        "people": _("人数"),
        "profile": _("导出表式"),
        "export": _("导出内容"),
        "format": _("格式"),
    },
    {
        "kept": NameSource("cms.person", "legal_name"),
        "merged": NameSource("cms.person", "legal_name"),
        "person": NameSource("cms.person", "legal_name"),
        "proven": NameSource("cms.person", "legal_name"),
        "regions": NameSource("cms.region", "name", key="code"),
        "user": NameSource("cms.user", "display_name"),
    },
)
register_values(
    {
        "group": PersonGroup.choices,
        "id_type": IdType.choices,
        "model": EmploymentModel.choices,
        "proof": AccountProof.choices,
        "purpose": RevealReason.choices,
        "relation": AccountRelation.choices,
        "role": Role.choices,
    }
)
register_subjects(
    {
        "cms.affiliation": "organisation__name",
        "cms.exportrecord": "number",
        "cms.inpostperiod": "organisation__name",
        "cms.job": "title",
        "cms.licence": "number",
        "cms.membership": "user__display_name",
        "cms.organisation": "name",
        "cms.person": "legal_name",
        "cms.datarequest": "person__legal_name",
        "cms.region": "name",
        "cms.changeproposal": "person__legal_name",
        "cms.personmerge": "kept__legal_name",
        "cms.dataimport": "file__name",
        "cms.revealrecord": "person__legal_name",
        "cms.storedfile": "name",
        "cms.user": "display_name",
    }
)

register_values({"kind": PolicyKind.choices, "how": ConsentWay.choices})
register_values({"field": DataField.choices, "held": DataField.choices, "answer": DataRequestState.choices})
