"""The demo county's words: news, pages of information, texts that people agree to."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from cms.enums import PolicyKind
from cms.models import User
from cms.services.policies import load_policies, publish_policy, standard_texts
from cms.services.site import publish_info_page, publish_news

# The county's first notice, two years before the standard one.
_FIRST_NOTICE = (
    "隐私说明",
    (
        "为了给您报名、点名和发证，我们登记您的姓名、证件号码和手机号。\n\n"
        "看得到的，是给您开课的培训机构和当地管培训的部门。\n\n"
        "不清楚的，打网页下面的咨询电话，或者带身份证到窗口来问。"
    ),
)


def load_demo_policies(*, by: User, at: dt.datetime) -> None:
    """An old privacy notice, and the standard texts that now hold."""
    today = timezone.localdate(at)
    publish_policy(
        PolicyKind.PRIVACY,
        {"zh-hans": _FIRST_NOTICE},
        valid_from=today - dt.timedelta(days=730),
        by=None,
        at=at,
    )
    since = today - dt.timedelta(days=1)
    publish_policy(PolicyKind.PRIVACY, standard_texts()[PolicyKind.PRIVACY], valid_from=since, by=None, at=at)
    load_policies(since=since, by=by, at=at)


def load_demo_pages(*, by: User, at: dt.datetime) -> None:
    """Four pieces of news and three pages of information."""
    _load_news(by, at)
    _load_information(by, at)


def _load_news(by: User, at: dt.datetime) -> None:
    on = timezone.localdate(at)
    publish_news(
        "caravan-autumn",
        "大篷车秋季巡回定了：先到青山乡，再到河湾镇",
        "不收学费，管教材。带身份证就能报名。",
        [
            ("text", ("<p>今年秋季，家政培训大篷车分两趟下乡。第一趟到青山乡红旗村，第二趟到河湾镇。"
             "每站停六天，教家庭餐制作、居家安全与急救和衣物洗护。</p>"
             "<p>地里活忙的，可以先报名，开课前一天我们打电话提醒。哪天到哪儿，看“大篷车去哪儿”。</p>")),
            ("notice", {"tone": "info", "title": "报名不要钱", "text": "有人收报名费、押金、办证费的，请打下面的电话告诉我们。"}),
            ("phone", {"who": "县家政培训服务台", "phone": "0000-812 3456", "hours": "每天 8:00—20:00"}),
        ],
        news_date=on + dt.timedelta(days=2), by=by, at=at,
    )  # fmt: skip
    publish_news(
        "slips",
        "名册上的人，凭一张纸条就能用手机查课",
        "不会上网的，请家里人或者村里的协调员代办。",
        [
            ("text", ("<p>名册上已经登记的学员，培训学校会发一张凭条，上面有 8 位码。"
             "拿手机填进去，就能看上课时间、签到码和证书。凭条只能用一次，30 天有效。</p>")),
            ("steps", {"heading": "怎么用凭条", "steps": [
                {"title": "打开登录页", "text": "点“手里有凭条”。"},
                {"title": "填 8 位码", "text": "大小写、横线都不要紧。"},
                {"title": "设一个密码", "text": "至少 8 位，写下来放好。"},
            ]}),
        ],
        news_date=on + dt.timedelta(days=20), by=by, at=at,
    )  # fmt: skip
    publish_news(
        "red-flag-village",
        "红旗村的课开了，三十六个名额全报满",
        "没报上的可以排候补，有人退出就按顺序通知。",
        [
            ("text", ("<p>大篷车到红旗村的第一天，院坝里坐满了人。上午讲食品卫生，下午就上灶。"
             "年纪最大的学员五十六岁，做的是南瓜小米粥。</p>")),
            ("quote", {"words": "在家门口学，中午还能回去给娃做饭。以前去县城要坐一个半钟头车。", "speaker": "青山乡学员"}),
            ("text", "<p>没报上的不用急：在班级页面点“排队候补”，有人退出，系统按先后顺序通知。</p>"),
        ],
        news_date=on + dt.timedelta(days=61), by=by, at=at,
    )  # fmt: skip
    publish_news(
        "refresher",
        "证书快到期的，记得来回炉",
        "母婴护理和养老照护的证书，到期前要上一次回炉课。",
        [
            ("text", ("<p>证书到期前三个月，“我的学习”里会出现提醒，也会列出附近的回炉课。"
             "过期半年以内还能补，过了半年要重新考。</p>")),
            ("notice", {"tone": "warn", "title": "先看日期", "text": "证书右下角写着有效期，也可以扫证书上的码看。"}),
        ],
        news_date=on + dt.timedelta(days=80), by=by, at=at,
    )  # fmt: skip


def _load_information(by: User, at: dt.datetime) -> None:
    publish_info_page(
        "how-to-enrol", "怎么报名", "手机上报、打电话报、请人代报，都行。",
        [
            ("steps", {"heading": "在手机上报名", "steps": [
                {"title": "找课", "text": "在“大篷车去哪儿”里看哪天到您附近，或者在“课程菜单”里挑。"},
                {"title": "点“我要报名”", "text": "第一次来的，先注册：姓名、证件号码、手机号。"},
                {"title": "看说明、点同意", "text": "说清楚登记什么、给谁看。不同意就不登记。"},
                {"title": "等开课", "text": "开课前会提醒。来不了就在手机上退，名额让给别人。"},
            ]}),
            ("text", ("<h2>不用手机的</h2><p>打服务台电话，或者找村里、社区里的协调员代报。"
             "代报要您本人签一份纸质同意书。</p><h2>带什么</h2><ul><li>身份证</li>"
             "<li>上灶的课带健康证；没有的，开课前可以办</li></ul>")),
            ("notice", {"tone": "info", "title": "满 16 岁就能报", "text": "年纪大不要紧，没有上限。"}),
        ],
        by=by, at=at,
    )  # fmt: skip
    publish_info_page(
        "caravan", "大篷车是什么", "一辆装着灶台、床和假娃娃的车，把课堂开到村里。",
        [
            ("text", ("<p>县城远，来回要一天，很多人想学家政却出不来。大篷车装着实操的家什，"
             "一站一站开到乡镇和村里，老师跟着车走。</p><p>学完考核合格，发培训合格证，全国都能扫码查真假。"
             "想接着学的，可以到县城的学校上中级、高级。</p>")),
            ("text", ("<h2>谁在办</h2><p>县人力资源和社会保障局管培训和补贴，县妇联帮着组织，"
             "巾帼家政培训学校出老师和车。</p>")),
        ],
        by=by, at=at,
    )  # fmt: skip
    publish_info_page(
        "who-to-call", "有事找谁", "报名、上课、补贴、证书，各找各的人。",
        [
            ("phone", {"who": "报名、上课、请假：县家政培训服务台", "phone": "0000-812 3456", "hours": "每天 8:00—20:00"}),
            ("phone", {"who": "补贴、证书：县人社局窗口", "phone": "0000-812 6618", "hours": "周一至周五 8:30—17:30"}),
            ("phone", {"who": "代办、带娃来上课：县妇联", "phone": "0000-812 6620", "hours": "周一至周五 8:30—17:30"}),
            ("text", ("<p>打电话时报一下姓名和班号，我们查得快。电话里不会问您要银行卡号和验证码；"
             "谁问，谁就是骗子。</p>")),
        ],
        by=by, at=at,
    )  # fmt: skip
