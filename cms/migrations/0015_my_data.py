"""Who looked at numbers, what people ask about their data, codes that bind."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import cms.ids
from cms.database import drop_append_only, make_append_only


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0014_person_register"),
    ]

    operations = [
        migrations.AddField(
            model_name="signincode",
            name="person",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cms.person"
            ),
        ),
        migrations.AlterField(
            model_name="personaccount",
            name="proof",
            field=models.CharField(
                choices=[
                    ("slip", "一次性凭条"),
                    ("sign_up", "本人注册"),
                    ("officer", "窗口核验"),
                    ("consent", "书面委托"),
                    ("code", "登记手机的验证码"),
                ],
                max_length=20,
                verbose_name="凭据",
            ),
        ),
        migrations.AlterField(
            model_name="signincode",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("sign_in", "登录"),
                    ("reset", "重设密码"),
                    ("paper_reset", "凭条重设密码"),
                    ("bind", "绑定登记过的人"),
                ],
                max_length=20,
                verbose_name="用途",
            ),
        ),
        migrations.AlterField(
            model_name="storedfile",
            name="kind",
            field=models.CharField(
                choices=[
                    ("roster", "上传的花名册"),
                    ("certificate", "证书"),
                    ("batch_export", "补贴批次导出"),
                    ("evidence", "佐证材料"),
                    ("regions", "上传的区划文件"),
                    ("my_data", "本人导出的数据"),
                ],
                max_length=20,
                verbose_name="类型",
            ),
        ),
        migrations.CreateModel(
            name="DataRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cms.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("correction", "更正"), ("deletion", "删除")],
                        max_length=20,
                        verbose_name="申请",
                    ),
                ),
                ("region_code", models.CharField(blank=True, max_length=12, verbose_name="地区")),
                (
                    "field",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("name", "姓名"),
                            ("document", "证件"),
                            ("birth", "性别、出生日期"),
                            ("phone", "联系电话"),
                            ("ethnicity", "民族"),
                            ("education", "文化程度"),
                            ("address", "户籍地址"),
                            ("posts", "在岗时段"),
                            ("groups", "人员类别"),
                            ("training", "课、成绩、证书"),
                            ("other", "其他"),
                        ],
                        max_length=20,
                        verbose_name="哪一项",
                    ),
                ),
                ("wanted_token", models.TextField(blank=True, editable=False)),
                ("note_token", models.TextField(blank=True, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("submitted", "等待答复"),
                            ("proposed", "等待复核"),
                            ("accepted", "已同意"),
                            ("partly", "部分同意"),
                            ("declined", "没有同意"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="submitted",
                        max_length=20,
                        verbose_name="状态",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="申请时间")),
                ("proposed_at", models.DateTimeField(blank=True, null=True, verbose_name="经办时间")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="答复时间")),
                ("answer_token", models.TextField(blank=True, editable=False)),
                ("erase_on", models.DateField(blank=True, null=True, verbose_name="删除日期")),
                ("erased_at", models.DateTimeField(blank=True, null=True, verbose_name="删除时间")),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="答复人",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="谁申请的",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="data_requests",
                        to="cms.organisation",
                        verbose_name="受理机构",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="data_requests",
                        to="cms.person",
                        verbose_name="人员",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="经办人",
                    ),
                ),
            ],
            options={
                "verbose_name": "更正和删除申请",
                "verbose_name_plural": "更正和删除申请",
                "ordering": ["-pk"],
                "permissions": [("approve_deletion", "复核删除申请")],
                "indexes": [
                    models.Index(fields=["state", "asked_at"], name="cms_data_request_queue"),
                    models.Index(
                        condition=models.Q(("erase_on__isnull", False), ("erased_at__isnull", True)),
                        fields=["erase_on"],
                        name="cms_data_request_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "deletion"), ("state__in", ["proposed", "submitted"])),
                        fields=("person",),
                        name="cms_data_request_one_deletion",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "deletion"), ("state__in", ["accepted", "partly"]), _negated=True
                            ),
                            models.Q(
                                ("answered_by__isnull", False),
                                ("proposed_by__isnull", False),
                                models.Q(("answered_by", models.F("proposed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="cms_data_request_four_eyes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RevealRecord",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cms.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "region_code",
                    models.CharField(blank=True, db_index=True, max_length=12, verbose_name="地区"),
                ),
                (
                    "role",
                    models.CharField(
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
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("verify", "核对证件"),
                            ("certificate", "发证、补证"),
                            ("claim", "办补贴"),
                            ("correct", "更正登记"),
                            ("asked", "本人要求"),
                            ("other", "其他"),
                        ],
                        max_length=20,
                        verbose_name="原因",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("entry_id", models.UUIDField(editable=False)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reveals",
                        to="cms.persondocument",
                        verbose_name="证件",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reveals",
                        to="cms.organisation",
                        verbose_name="机构",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reveals",
                        to="cms.person",
                        verbose_name="人员",
                    ),
                ),
                (
                    "revealed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reveals",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="谁看的",
                    ),
                ),
            ],
            options={
                "verbose_name": "查看号码记录",
                "verbose_name_plural": "查看号码记录",
                "permissions": [("reveal_number", "查看完整证件号码")],
                "indexes": [
                    models.Index(fields=["revealed_by", "at"], name="cms_reveal_by_day"),
                    models.Index(fields=["organisation", "-at"], name="cms_reveal_organisation"),
                ],
            },
        ),
        migrations.RunPython(make_append_only("cms_revealrecord"), drop_append_only("cms_revealrecord")),
    ]
