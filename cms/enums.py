"""Vocabularies of the ground; values come from the glossary."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sex(models.TextChoices):
    """As derived from the document number and compared with what was typed."""

    FEMALE = "female", _("女")
    MALE = "male", _("男")


class IdType(models.TextChoices):
    """Kinds of identity document (requirement 53)."""

    CITIZEN_ID = "citizen_id", _("居民身份证")
    HMT_PERMIT = "hmt_permit", _("港澳台居民居住证")
    FOREIGN_PERMANENT = "foreign_permanent", _("外国人永久居留身份证")
    PASSPORT = "passport", _("护照")


class Education(models.TextChoices):
    """文化程度 as rosters write it."""

    PRIMARY = "primary", _("小学")
    JUNIOR = "junior", _("初中")
    SENIOR = "senior", _("高中")
    SECONDARY_VOCATIONAL = "secondary_vocational", _("中专")
    JUNIOR_COLLEGE = "junior_college", _("大专")
    BACHELOR = "bachelor", _("本科")
    MASTER = "master", _("研究生")


class HealthCheckClass(models.TextChoices):
    """Class of the health check (家政服务员分类体检); its items and results are not kept."""

    GENERAL = "general", _("一般家政服务")
    LIVE_IN = "live_in", _("居家（住家）服务")
    ELDER_CARE = "elder_care", _("养老照护")
    MOTHER_BABY = "mother_baby", _("母婴照护")


class ChangeState(models.TextChoices):
    """Where a correction of somebody's identity stands."""

    DIRECT = "direct", _("当场更正")
    WAITING = "waiting", _("待审")
    ACCEPTED = "accepted", _("已同意")
    DECLINED = "declined", _("未同意")
    WITHDRAWN = "withdrawn", _("已撤回")


CHANGE_MOVES: dict[str, frozenset[str]] = {
    ChangeState.WAITING: frozenset({ChangeState.ACCEPTED, ChangeState.DECLINED, ChangeState.WITHDRAWN}),
}


class PersonGroup(models.TextChoices):
    """人员类别: who somebody is for statistics and subsidies (domain rows 3, 20-23, 65; glossary)."""

    RURAL_TRANSFER = "rural_transfer", _("农村转移就业劳动者")
    REGISTERED_UNEMPLOYED = "registered_unemployed", _("登记失业人员")
    HARD_TO_EMPLOY = "hard_to_employ", _("就业困难人员")
    OUT_OF_POVERTY = "out_of_poverty", _("脱贫人口")
    POVERTY_MONITORED = "poverty_monitored", _("防止返贫监测对象")
    COLLEGE_GRADUATE = "college_graduate", _("高校毕业生")
    SCHOOL_LEAVER = "school_leaver", _("城乡未继续升学的应届初高中毕业生")
    COMMUNITY_UNEMPLOYED = "community_unemployed", _("社区失业人员")
    COMMUNITY_RETIRED = "community_retired", _("社区退休人员")
    UNEMPLOYED_WOMEN = "unemployed_women", _("未就业妇女")
    LOW_INCOME_WOMEN = "low_income_women", _("低收入妇女")
    CAREER_BREAK_WOMEN = "career_break_women", _("因生育中断就业妇女")
    RESETTLED = "resettled", _("易地搬迁安置区居民")
    RURAL_LOW_INCOME = "rural_low_income", _("农村低收入人员")
    IN_POST = "in_post", _("在岗人员")
    INSURED_EMPLOYEE = "insured_employee", _("参保职工")


class AccountRelation(models.TextChoices):
    """For whom an account acts."""

    SELF = "self", _("本人")
    FAMILY = "family", _("家人")
    COORDINATOR = "coordinator", _("社区代办")


class AccountProof(models.TextChoices):
    """How it was shown that the account may act for the person."""

    SLIP = "slip", _("一次性凭条")
    SIGN_UP = "sign_up", _("本人注册")
    OFFICER = "officer", _("窗口核验")
    CONSENT = "consent", _("书面委托")
    CODE = "code", _("登记手机的验证码")


class AffiliationKind(models.TextChoices):
    """Why an organisation sees a person."""

    ROSTER = "roster", _("花名册")
    ENROLMENT = "enrolment", _("报名")
    IN_POST = "in_post", _("在岗")
    CLAIM = "claim", _("补贴申领")
    SIGN_UP = "sign_up", _("注册")


class PolicyKind(models.TextChoices):
    """What people are told or asked; every kind has its own text with versions."""

    PRIVACY = "privacy", _("隐私说明")
    TRAINING = "training", _("培训登记同意书")
    SHARING = "sharing", _("补贴核验同意书")
    PHOTO = "photo", _("拍照同意书")
    TRAINEE_UNDERTAKING = "trainee_undertaking", _("学员承诺书")


# Signed once and kept; the others are consents, which can be withdrawn.
UNDERTAKINGS = frozenset({PolicyKind.TRAINEE_UNDERTAKING})


class ConsentWay(models.TextChoices):
    """How somebody agreed or signed."""

    SCREEN = "screen", _("在屏幕上")
    PAPER = "paper", _("在纸上签字")


class RevealReason(models.TextChoices):
    """Why somebody looks at a document number in clear; what it is in detail stands in words beside it."""

    VERIFY = "verify", _("核对证件")
    CERTIFICATE = "certificate", _("发证、补证")
    CLAIM = "claim", _("办补贴")
    CORRECT = "correct", _("更正登记")
    ASKED = "asked", _("本人要求")
    OTHER = "other", _("其他")


class DataRequestKind(models.TextChoices):
    """What somebody asks about what is kept about them."""

    CORRECTION = "correction", _("更正")
    DELETION = "deletion", _("删除")


class DataRequestState(models.TextChoices):
    """Life of such a request."""

    SUBMITTED = "submitted", _("等待答复")
    PROPOSED = "proposed", _("等待复核")
    ACCEPTED = "accepted", _("已同意")
    PARTLY = "partly", _("部分同意")
    DECLINED = "declined", _("没有同意")
    WITHDRAWN = "withdrawn", _("已撤回")


OPEN_REQUESTS = frozenset({DataRequestState.SUBMITTED, DataRequestState.PROPOSED})
GRANTED_REQUESTS = frozenset({DataRequestState.ACCEPTED, DataRequestState.PARTLY})
# A deletion is proposed by one person and approved by another; until the day of erasing it can be taken back.
DATA_REQUEST_MOVES: dict[str, dict[str, frozenset[str]]] = {
    DataRequestKind.CORRECTION: {
        DataRequestState.SUBMITTED: frozenset(
            {
                DataRequestState.ACCEPTED,
                DataRequestState.PARTLY,
                DataRequestState.DECLINED,
                DataRequestState.WITHDRAWN,
            }
        ),
        DataRequestState.ACCEPTED: frozenset(),
        DataRequestState.PARTLY: frozenset(),
        DataRequestState.DECLINED: frozenset(),
        DataRequestState.WITHDRAWN: frozenset(),
    },
    DataRequestKind.DELETION: {
        DataRequestState.SUBMITTED: frozenset(
            {DataRequestState.PROPOSED, DataRequestState.DECLINED, DataRequestState.WITHDRAWN}
        ),
        DataRequestState.PROPOSED: frozenset(
            {
                DataRequestState.SUBMITTED,
                DataRequestState.ACCEPTED,
                DataRequestState.PARTLY,
                DataRequestState.WITHDRAWN,
            }
        ),
        DataRequestState.ACCEPTED: frozenset({DataRequestState.WITHDRAWN}),
        DataRequestState.PARTLY: frozenset({DataRequestState.WITHDRAWN}),
        DataRequestState.DECLINED: frozenset(),
        DataRequestState.WITHDRAWN: frozenset(),
    },
}


class DataField(models.TextChoices):
    """What of a person a correction is about, and what a legal hold keeps."""

    NAME = "name", _("姓名")
    DOCUMENT = "document", _("证件")
    BIRTH = "birth", _("性别、出生日期")
    PHONE = "phone", _("联系电话")
    ETHNICITY = "ethnicity", _("民族")
    EDUCATION = "education", _("文化程度")
    ADDRESS = "address", _("户籍地址")
    POSTS = "posts", _("在岗时段")
    GROUPS = "groups", _("人员类别")
    TRAINING = "training", _("课、成绩、证书")
    OTHER = "other", _("其他")


class EmploymentModel(models.TextChoices):
    """员工制 / 中介制 (S2 item 25)."""

    EMPLOYEE = "employee", _("员工制")
    AGENCY = "agency", _("中介制")


class OrganisationKindCode(models.TextChoices):
    """What an organisation is (domain rows 6, 7, 10)."""

    HR_OFFICE = "hr_office", _("人社部门")
    WOMENS_FEDERATION = "womens_federation", _("妇联")
    PROVIDER = "provider", _("培训机构")
    EMPLOYER = "employer", _("家政企业")
    SCHOOL = "school", _("院校")
    ASSESSMENT_BODY = "assessment_body", _("备案评价机构")
    ASSOCIATION = "association", _("行业协会")
    TRADE_UNION = "trade_union", _("工会")
    COMMUNITY = "community", _("社区（村）")


class LicenceKind(models.TextChoices):
    """On what ground an organisation teaches or assesses (domain row 38)."""

    LICENCE = "licence", _("许可")
    FILING = "filing", _("备案")


class LicenceState(models.TextChoices):
    """How an organisation's licences stand on a day; derived, never stored."""

    NONE = "none", _("没有登记")
    COMING = "coming", _("还没到有效期")
    HOLDS = "holds", _("有效")
    ENDING = "ending", _("快到期")
    LAPSED = "lapsed", _("已过期")


class RegionLevel(models.IntegerChoices):
    """Levels of the 12-digit statistical code."""

    PROVINCE = 1, _("省级")
    CITY = 2, _("市级")
    COUNTY = 3, _("县级")
    TOWN = 4, _("乡级")
    VILLAGE = 5, _("村级")


class FileKind(models.TextChoices):
    """Kinds of private file; sensitive kinds are encrypted in the store and expire."""

    ROSTER = "roster", _("上传的花名册")
    CERTIFICATE = "certificate", _("证书")
    BATCH_EXPORT = "batch_export", _("补贴批次导出")
    EVIDENCE = "evidence", _("佐证材料")
    REGIONS = "regions", _("上传的区划文件")
    IMPORT = "import", _("上传的表格")
    IMPORT_ERRORS = "import_errors", _("改错用的表格")
    MY_DATA = "my_data", _("本人导出的数据")
    EXPORT = "export", _("导出的表")


SENSITIVE_FILES = frozenset(
    {
        FileKind.ROSTER,
        FileKind.BATCH_EXPORT,
        FileKind.EVIDENCE,
        FileKind.IMPORT,
        FileKind.IMPORT_ERRORS,
        FileKind.MY_DATA,
        FileKind.EXPORT,
    }
)


class ExportFormat(models.TextChoices):
    """What a table is exported as."""

    XLSX = "xlsx", _("Excel 表格（XLSX）")
    CSV = "csv", _("文本表格（CSV）")


class HeartbeatKind(models.TextChoices):
    """What a sign of life is of; ``round_trip`` is a message that the scheduler sent and a worker took."""

    WORKER = "worker", _("后台进程")
    BEAT = "beat", _("定时进程")
    ROUND_TRIP = "round_trip", _("消息往返")
    BACKUP = "backup", _("备份")


class JobState(models.TextChoices):
    """Life of a piece of background work."""

    QUEUED = "queued", _("排队中")
    RUNNING = "running", _("进行中")
    DONE = "done", _("已完成")
    FAILED = "failed", _("没有完成")
    CANCELLED = "cancelled", _("已取消")


FINISHED_JOBS = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
# An ended job whose open items may go on.
RESUMABLE_JOBS = frozenset({JobState.FAILED, JobState.CANCELLED})


class ItemState(models.TextChoices):
    """Life of one item of a job; every state but pending is final, but what was set aside may be tried again."""

    PENDING = "pending", _("等待")
    DONE = "done", _("完成")
    SKIPPED = "skipped", _("无需处理")
    REFUSED = "refused", _("未通过")
    SET_ASIDE = "set_aside", _("已搁置")


class ImportState(models.TextChoices):
    """Upload → dry run → preview → confirm."""

    CHECKING = "checking", _("正在检查")
    CHECKED = "checked", _("待确认")
    UNREADABLE = "unreadable", _("无法读取")
    IMPORTING = "importing", _("正在导入")
    IMPORTED = "imported", _("已导入")


class RowOutcome(models.TextChoices):
    """What the dry run found for one row."""

    NEW = "new", _("新增")
    SAME = "same", _("已有，无变化")
    DIFFERS = "differs", _("与登记不一致")
    REFUSED = "refused", _("不能导入")


class Channel(models.TextChoices):
    """How a message reaches somebody."""

    IN_SITE = "in_site", _("站内消息")
    SMS = "sms", _("短信")
    EMAIL = "email", _("邮件")


class MessageState(models.TextChoices):
    """Life of a message; posted means that its recipient can read it here."""

    QUEUED = "queued", _("等待发出")
    POSTED = "posted", _("已发出")
    WITHDRAWN = "withdrawn", _("已作废")
    FAILED = "failed", _("写不出来")


class DeliveryState(models.TextChoices):
    """Life of one way of a message; every state but the first two is final until somebody tries again."""

    QUEUED = "queued", _("等待发送")
    SENDING = "sending", _("正在发送")
    SENT = "sent", _("已送出")
    REFUSED = "refused", _("被退回")
    UNKNOWN = "unknown", _("不知是否送到")
    SKIPPED = "skipped", _("没有发")


DELIVERY_MOVES: dict[str, frozenset[str]] = {
    DeliveryState.QUEUED: frozenset({DeliveryState.SENDING, DeliveryState.SKIPPED}),
    DeliveryState.SENDING: frozenset(
        {DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.UNKNOWN, DeliveryState.QUEUED}
    ),
    DeliveryState.SENT: frozenset(),
    # Somebody looked at it and lets it go out again.
    DeliveryState.REFUSED: frozenset({DeliveryState.QUEUED}),
    DeliveryState.UNKNOWN: frozenset({DeliveryState.QUEUED}),
    DeliveryState.SKIPPED: frozenset(),
}


class SigningKeyState(models.TextChoices):
    """A key's life: made, in use, put away; or no longer to be trusted."""

    MADE = "made", _("已生成")
    ACTIVE = "active", _("使用中")
    RETIRED = "retired", _("已停用")
    REVOKED = "revoked", _("已吊销")


SIGNING_KEY_MOVES: dict[str, frozenset[str]] = {
    SigningKeyState.MADE: frozenset({SigningKeyState.ACTIVE, SigningKeyState.REVOKED}),
    SigningKeyState.ACTIVE: frozenset({SigningKeyState.RETIRED, SigningKeyState.REVOKED}),
    SigningKeyState.RETIRED: frozenset({SigningKeyState.REVOKED}),
    SigningKeyState.REVOKED: frozenset(),
}


class SigningKeyStore(models.TextChoices):
    """Where the private part is; ``cms.signing.key_stores`` opens it."""

    DATABASE = "database", _("数据库（加密）")
    ENVIRONMENT = "environment", _("数据库之外（SIGNING_KEYS）")


class CodePurpose(models.TextChoices):
    """What a short code opens."""

    SIGN_IN = "sign_in", _("登录")
    RESET = "reset", _("重设密码")
    PAPER_RESET = "paper_reset", _("凭条重设密码")
    BIND = "bind", _("绑定登记过的人")
