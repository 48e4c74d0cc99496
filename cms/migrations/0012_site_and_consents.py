"""Pages of blocks, news, moderation by role; texts that people agree to, consents, undertakings."""

import json
import uuid

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import wagtail.fields
from django.conf import settings
from django.db import migrations, models

from cms.database import drop_append_only, make_append_only


def words_into_blocks(apps, schema_editor):
    """Put the running text of information pages, and of their drafts, into a text block."""
    for page in apps.get_model("cms", "InfoPage").objects.exclude(body=""):
        page.content, page.body = _blocks(page.body), ""
        page.save(update_fields=["content", "body"])
    drafts = apps.get_model("wagtailcore", "Revision").objects.filter(
        content_type__app_label="cms", content_type__model="infopage"
    )
    for draft in drafts:
        if draft.content.get("body") and "content" not in draft.content:
            draft.content = {**draft.content, "content": _blocks(draft.content["body"]), "body": ""}
            draft.save(update_fields=["content"])


def _blocks(words):
    return json.dumps([{"type": "text", "value": words, "id": str(uuid.uuid4())}])


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("cms", "0011_operations"),
        ("wagtailcore", "0098_apitoken"),
    ]

    operations = [
        migrations.CreateModel(
            name="NewsIndexPage",
            fields=[
                (
                    "page_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to=settings.WAGTAIL_PAGE_MODEL,
                    ),
                ),
                ("intro", models.CharField(blank=True, max_length=200, verbose_name="导语")),
            ],
            options={
                "verbose_name": "新闻列表页",
                "verbose_name_plural": "新闻列表页",
            },
            bases=("wagtailcore.page",),
        ),
        migrations.CreateModel(
            name="NewsPage",
            fields=[
                (
                    "page_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to=settings.WAGTAIL_PAGE_MODEL,
                    ),
                ),
                ("news_date", models.DateField(default=django.utils.timezone.localdate, verbose_name="日期")),
                (
                    "intro",
                    models.CharField(
                        blank=True,
                        help_text="列表里标题下面的一句话：什么事、什么时候、找谁。",
                        max_length=120,
                        verbose_name="导语",
                    ),
                ),
                (
                    "content",
                    wagtail.fields.StreamField(
                        [
                            ("text", 0),
                            ("picture", 4),
                            ("notice", 8),
                            ("steps", 14),
                            ("file", 17),
                            ("phone", 21),
                            ("quote", 24),
                        ],
                        blank=True,
                        block_lookup={
                            0: (
                                "wagtail.blocks.RichTextBlock",
                                (),
                                {
                                    "features": ["h2", "h3", "bold", "ol", "ul", "link", "hr"],
                                    "icon": "pilcrow",
                                    "label": "文字",
                                    "template": "cms/blocks/text.html",
                                },
                            ),
                            1: ("wagtail.images.blocks.ImageChooserBlock", (), {"label": "图片"}),
                            2: (
                                "wagtail.blocks.CharBlock",
                                (),
                                {
                                    "help_text": "给看不见图的人听：图里是谁、在哪儿、在做什么。必填。",
                                    "label": "替代文字",
                                    "max_length": 120,
                                },
                            ),
                            3: (
                                "wagtail.blocks.CharBlock",
                                (),
                                {"label": "图下的话", "max_length": 120, "required": False},
                            ),
                            4: (
                                "wagtail.blocks.StructBlock",
                                [[("image", 1), ("alternative", 2), ("caption", 3)]],
                                {},
                            ),
                            5: (
                                "wagtail.blocks.ChoiceBlock",
                                [],
                                {
                                    "choices": [("info", "告诉大家"), ("warn", "提醒注意"), ("ok", "好消息")],
                                    "label": "语气",
                                },
                            ),
                            6: ("wagtail.blocks.CharBlock", (), {"label": "一句话", "max_length": 60}),
                            7: (
                                "wagtail.blocks.CharBlock",
                                (),
                                {"label": "补充", "max_length": 200, "required": False},
                            ),
                            8: ("wagtail.blocks.StructBlock", [[("tone", 5), ("title", 6), ("text", 7)]], {}),
                            9: (
                                "wagtail.blocks.CharBlock",
                                (),
                                {"label": "小标题", "max_length": 60, "required": False},
                            ),
                            10: ("wagtail.blocks.CharBlock", (), {"label": "做什么", "max_length": 60}),
                            11: (
                                "wagtail.blocks.CharBlock",
                                (),
                                {"label": "怎么做", "max_length": 300, "required": False},
                            ),
                            12: ("wagtail.blocks.StructBlock", [[("title", 10), ("text", 11)]], {}),
                            13: (
                                "wagtail.blocks.ListBlock",
                                (12,),
                                {"label": "步骤", "max_num": 9, "min_num": 2},
                            ),
                            14: ("wagtail.blocks.StructBlock", [[("heading", 9), ("steps", 13)]], {}),
                            15: ("wagtail.documents.blocks.DocumentChooserBlock", (), {"label": "文件"}),
                            16: (
                                "wagtail.blocks.CharBlock",
                                (),
                                {"help_text": "例如“委托书样张”。", "label": "写什么字", "max_length": 60},
                            ),
                            17: ("wagtail.blocks.StructBlock", [[("document", 15), ("label", 16)]], {}),
                            18: ("wagtail.blocks.CharBlock", (), {"label": "找谁、办什么", "max_length": 60}),
                            19: (
                                "wagtail.blocks.RegexBlock",
                                (),
                                {
                                    "error_messages": {"invalid": "电话只写数字，可以有空格和横线。"},
                                    "label": "电话",
                                    "regex": "^[0-9+][0-9 \\-]{4,20}$",
                                },
                            ),
                            20: (
                                "wagtail.blocks.CharBlock",
                                (),
                                {"label": "接听时间", "max_length": 60, "required": False},
                            ),
                            21: (
                                "wagtail.blocks.StructBlock",
                                [[("who", 18), ("phone", 19), ("hours", 20)]],
                                {},
                            ),
                            22: ("wagtail.blocks.TextBlock", (), {"label": "原话", "max_length": 300}),
                            23: ("wagtail.blocks.CharBlock", (), {"label": "谁说的", "max_length": 60}),
                            24: ("wagtail.blocks.StructBlock", [[("words", 22), ("speaker", 23)]], {}),
                        },
                        verbose_name="内容",
                    ),
                ),
            ],
            options={
                "verbose_name": "新闻",
                "verbose_name_plural": "新闻",
            },
            bases=("wagtailcore.page",),
        ),
        migrations.AddField(
            model_name="infopage",
            name="content",
            field=wagtail.fields.StreamField(
                [
                    ("text", 0),
                    ("picture", 4),
                    ("notice", 8),
                    ("steps", 14),
                    ("file", 17),
                    ("phone", 21),
                    ("quote", 24),
                ],
                blank=True,
                block_lookup={
                    0: (
                        "wagtail.blocks.RichTextBlock",
                        (),
                        {
                            "features": ["h2", "h3", "bold", "ol", "ul", "link", "hr"],
                            "icon": "pilcrow",
                            "label": "文字",
                            "template": "cms/blocks/text.html",
                        },
                    ),
                    1: ("wagtail.images.blocks.ImageChooserBlock", (), {"label": "图片"}),
                    2: (
                        "wagtail.blocks.CharBlock",
                        (),
                        {
                            "help_text": "给看不见图的人听：图里是谁、在哪儿、在做什么。必填。",
                            "label": "替代文字",
                            "max_length": 120,
                        },
                    ),
                    3: (
                        "wagtail.blocks.CharBlock",
                        (),
                        {"label": "图下的话", "max_length": 120, "required": False},
                    ),
                    4: (
                        "wagtail.blocks.StructBlock",
                        [[("image", 1), ("alternative", 2), ("caption", 3)]],
                        {},
                    ),
                    5: (
                        "wagtail.blocks.ChoiceBlock",
                        [],
                        {
                            "choices": [("info", "告诉大家"), ("warn", "提醒注意"), ("ok", "好消息")],
                            "label": "语气",
                        },
                    ),
                    6: ("wagtail.blocks.CharBlock", (), {"label": "一句话", "max_length": 60}),
                    7: (
                        "wagtail.blocks.CharBlock",
                        (),
                        {"label": "补充", "max_length": 200, "required": False},
                    ),
                    8: ("wagtail.blocks.StructBlock", [[("tone", 5), ("title", 6), ("text", 7)]], {}),
                    9: (
                        "wagtail.blocks.CharBlock",
                        (),
                        {"label": "小标题", "max_length": 60, "required": False},
                    ),
                    10: ("wagtail.blocks.CharBlock", (), {"label": "做什么", "max_length": 60}),
                    11: (
                        "wagtail.blocks.CharBlock",
                        (),
                        {"label": "怎么做", "max_length": 300, "required": False},
                    ),
                    12: ("wagtail.blocks.StructBlock", [[("title", 10), ("text", 11)]], {}),
                    13: ("wagtail.blocks.ListBlock", (12,), {"label": "步骤", "max_num": 9, "min_num": 2}),
                    14: ("wagtail.blocks.StructBlock", [[("heading", 9), ("steps", 13)]], {}),
                    15: ("wagtail.documents.blocks.DocumentChooserBlock", (), {"label": "文件"}),
                    16: (
                        "wagtail.blocks.CharBlock",
                        (),
                        {"help_text": "例如“委托书样张”。", "label": "写什么字", "max_length": 60},
                    ),
                    17: ("wagtail.blocks.StructBlock", [[("document", 15), ("label", 16)]], {}),
                    18: ("wagtail.blocks.CharBlock", (), {"label": "找谁、办什么", "max_length": 60}),
                    19: (
                        "wagtail.blocks.RegexBlock",
                        (),
                        {
                            "error_messages": {"invalid": "电话只写数字，可以有空格和横线。"},
                            "label": "电话",
                            "regex": "^[0-9+][0-9 \\-]{4,20}$",
                        },
                    ),
                    20: (
                        "wagtail.blocks.CharBlock",
                        (),
                        {"label": "接听时间", "max_length": 60, "required": False},
                    ),
                    21: ("wagtail.blocks.StructBlock", [[("who", 18), ("phone", 19), ("hours", 20)]], {}),
                    22: ("wagtail.blocks.TextBlock", (), {"label": "原话", "max_length": 300}),
                    23: ("wagtail.blocks.CharBlock", (), {"label": "谁说的", "max_length": 60}),
                    24: ("wagtail.blocks.StructBlock", [[("words", 22), ("speaker", 23)]], {}),
                },
                verbose_name="内容",
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("system_admin", "系统管理员"),
                    ("org_admin", "机构管理员"),
                    ("planner", "教务"),
                    ("class_teacher", "班主任"),
                    ("trainer", "讲师"),
                    ("assessor", "考评员"),
                    ("inspector", "巡查员"),
                    ("subsidy_officer", "补贴专员"),
                    ("approver", "审批人"),
                    ("auditor", "审计员"),
                    ("coordinator", "社区协调员"),
                    ("editor", "网站编辑"),
                ],
                max_length=30,
                verbose_name="角色",
            ),
        ),
        migrations.CreateModel(
            name="ConsentRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "region_code",
                    models.CharField(
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator("^\\d{12}$", "行政区划代码是 12 位数字。")
                        ],
                        verbose_name="地区",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("privacy", "隐私说明"),
                            ("training", "培训登记同意书"),
                            ("sharing", "补贴核验同意书"),
                            ("photo", "拍照同意书"),
                            ("trainee_undertaking", "学员承诺书"),
                        ],
                        max_length=30,
                        verbose_name="文本",
                    ),
                ),
                ("is_required", models.BooleanField(default=True, verbose_name="报名前要同意")),
                ("document", models.CharField(blank=True, max_length=120, verbose_name="依据")),
                ("valid_from", models.DateField(verbose_name="起")),
                ("valid_until", models.DateField(blank=True, null=True, verbose_name="止")),
            ],
            options={
                "verbose_name": "报名前要同意的文本",
                "verbose_name_plural": "报名前要同意的文本",
                "ordering": ["region_code", "kind", "valid_from"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("region_code", "kind", "valid_from"), name="cms_consent_rule_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True),
                            ("valid_until__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="cms_consent_rule_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PolicyText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("privacy", "隐私说明"),
                            ("training", "培训登记同意书"),
                            ("sharing", "补贴核验同意书"),
                            ("photo", "拍照同意书"),
                            ("trainee_undertaking", "学员承诺书"),
                        ],
                        max_length=30,
                        verbose_name="文本",
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(verbose_name="第几版")),
                (
                    "language",
                    models.CharField(
                        choices=[("zh-hans", "简体中文"), ("en", "English")],
                        max_length=10,
                        verbose_name="语言",
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="启用日期")),
                ("title", models.CharField(max_length=80, verbose_name="标题")),
                ("body", models.TextField(help_text="空一行就是另起一段。", verbose_name="正文")),
                ("published_at", models.DateTimeField(verbose_name="发布时间")),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "说明和同意书",
                "verbose_name_plural": "说明和同意书",
                "ordering": ["kind", "-version", "-language"],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[("screen", "在屏幕上"), ("paper", "在纸上签字")],
                        max_length=10,
                        verbose_name="方式",
                    ),
                ),
                ("given_at", models.DateTimeField(verbose_name="登记时间")),
                ("signed_on", models.DateField(verbose_name="签字日期")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="撤回时间")),
                (
                    "given_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "kept_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cms.organisation",
                        verbose_name="原件存放单位",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="consents", to="cms.person"
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cms.policytext",
                        verbose_name="文本",
                    ),
                ),
            ],
            options={
                "verbose_name": "同意",
                "verbose_name_plural": "同意",
            },
        ),
        migrations.CreateModel(
            name="RoleApprovalTask",
            fields=[
                (
                    "task_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="wagtailcore.task",
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        help_text="Pages/snippets at this step in a workflow will be moderated or approved by these groups of users",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
            ],
            options={
                "verbose_name": "按角色审核",
                "verbose_name_plural": "按角色审核",
            },
            bases=("wagtailcore.task",),
        ),
        migrations.CreateModel(
            name="Undertaking",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[("screen", "在屏幕上"), ("paper", "在纸上签字")],
                        max_length=10,
                        verbose_name="方式",
                    ),
                ),
                ("given_at", models.DateTimeField(verbose_name="登记时间")),
                ("signed_on", models.DateField(verbose_name="签字日期")),
                (
                    "given_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "kept_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cms.organisation",
                        verbose_name="原件存放单位",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undertakings",
                        to="cms.person",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cms.policytext",
                        verbose_name="文本",
                    ),
                ),
            ],
            options={
                "verbose_name": "承诺",
                "verbose_name_plural": "承诺",
            },
        ),
        migrations.AddConstraint(
            model_name="policytext",
            constraint=models.UniqueConstraint(
                fields=("kind", "version", "language"), name="cms_policy_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=("person", "text"),
                name="cms_consent_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("withdrawn_at__isnull", True),
                    ("withdrawn_at__gte", models.F("given_at")),
                    _connector="OR",
                ),
                name="cms_consent_withdrawn_after",
            ),
        ),
        migrations.AddConstraint(
            model_name="undertaking",
            constraint=models.UniqueConstraint(fields=("person", "text"), name="cms_undertaking_once"),
        ),
        migrations.RunPython(words_into_blocks, migrations.RunPython.noop),
        migrations.RunPython(make_append_only("cms_policytext"), drop_append_only("cms_policytext")),
    ]
