"""What readers call the actions of the audit log; every app registers its own beside its services."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cms.registry import Registry

action_words: Registry[Promise] = Registry("words of audit actions")


def register_actions(words: Mapping[str, Promise]) -> None:
    """Register the words of several actions; an action has one name."""
    for action, name in words.items():
        action_words.register(action, name)


def words_of(action: str) -> str:
    """Return the action in the reader's language, or its code where nobody named it."""
    return str(action_words.get(action)) if action in action_words else action


register_actions(
    {
        "account.act_for": _("可以代办"),
        "account.create": _("建立账号"),
        "account.leave": _("不再代办"),
        "account.sign_up": _("注册账号"),
        "file.download": _("下载文件"),
        "file.expire": _("删除到期文件"),
        "keys.rotate": _("更换密钥"),
        "job.cancel": _("取消后台任务"),
        "job.resume": _("继续后台任务"),
        "job.retry": _("再试搁置的项目"),
        "job.start": _("提交后台任务"),
        "membership.end": _("结束任职"),
        "membership.grant": _("授予角色"),
        "organisation.change": _("修改机构"),
        "organisation.create": _("新登记机构"),
        "organisation.licence": _("登记许可或备案"),
        "organisation.licence_correct": _("更正许可或备案"),
        "person.affiliate": _("关联机构"),
        "person.affiliate_again": _("重新关联机构"),
        "person.document": _("窗口登记证件"),
        "person.fill": _("补充登记"),
        "person.in_post": _("登记在岗"),
        "person.in_post_end": _("登记离岗"),
        "person.register": _("登记人员"),
        "person.tag": _("登记人员类别"),
        "region.import": _("导入行政区划"),
        "region.succeed": _("登记区划变更"),
        "region.undo_succession": _("撤销区划变更"),
        "roster.confirm": _("确认导入花名册"),
        "roster.import": _("导入花名册"),
        "roster.upload": _("上传花名册"),
        "site.publish": _("发布网站首页"),
        "site.words": _("修改网站信息"),
        "slip.make": _("开凭条"),
        "slip.redeem": _("使用凭条"),
    }
)
