"""Merging doubles, corrections of identity, health certificates, education as dated facts."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def education_into_facts(apps, schema_editor):
    """Make the education on each person's row its first fact: known since the person was registered."""
    facts = apps.get_model("cms", "EducationRecord")
    people = apps.get_model("cms", "Person").objects.exclude(education="").order_by("pk")
    rows = people.values_list("pk", "education", "created_at").iterator(chunk_size=1000)
    batch = []
    for pk, education, created_at in rows:
        batch.append(facts(person_id=pk, education=education, recorded_at=created_at))
        if len(batch) == 1000:
            facts.objects.bulk_create(batch)
            batch = []
    facts.objects.bulk_create(batch)


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0013_import_kind"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="person",
            options={
                "permissions": [("merge_person", "合并重复登记")],
                "verbose_name": "人员",
                "verbose_name_plural": "人员",
            },
        ),
        migrations.AddField(
            model_name="person",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_people",
                to="cms.person",
            ),
        ),
        migrations.CreateModel(
            name="EducationRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "education",
                    models.CharField(
                        choices=[
                            ("primary", "小学"),
                            ("junior", "初中"),
                            ("senior", "高中"),
                            ("secondary_vocational", "中专"),
                            ("junior_college", "大专"),
                            ("bachelor", "本科"),
                            ("master", "研究生"),
                        ],
                        max_length=30,
                        verbose_name="文化程度",
                    ),
                ),
                ("major", models.CharField(blank=True, max_length=60, verbose_name="专业")),
                ("finished_on", models.DateField(blank=True, null=True, verbose_name="毕业日期")),
                ("recorded_at", models.DateTimeField(verbose_name="登记时间")),
                ("superseded_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="education_records",
                        to="cms.organisation",
                        verbose_name="登记机构",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="education_records",
                        to="cms.person",
                    ),
                ),
            ],
            options={
                "verbose_name": "学历",
                "verbose_name_plural": "学历",
            },
        ),
        migrations.CreateModel(
            name="ChangeProposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("region_code", models.CharField(db_index=True, max_length=12)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("direct", "当场更正"),
                            ("waiting", "待审"),
                            ("accepted", "已同意"),
                            ("declined", "未同意"),
                            ("withdrawn", "已撤回"),
                        ],
                        max_length=20,
                        verbose_name="状态",
                    ),
                ),
                ("facts", models.JSONField(default=dict)),
                ("name_until", models.DateField(blank=True, null=True, verbose_name="旧姓名用到")),
                (
                    "id_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("citizen_id", "居民身份证"),
                            ("hmt_permit", "港澳台居民居住证"),
                            ("foreign_permanent", "外国人永久居留身份证"),
                            ("passport", "护照"),
                        ],
                        max_length=20,
                        verbose_name="证件类型",
                    ),
                ),
                ("number_token", models.TextField(blank=True, editable=False)),
                (
                    "masked",
                    models.CharField(blank=True, editable=False, max_length=30, verbose_name="证件号码"),
                ),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="有效期起")),
                ("valid_until", models.DateField(blank=True, null=True, verbose_name="有效期止")),
                ("reason", models.CharField(max_length=200, verbose_name="理由")),
                ("proposed_at", models.DateTimeField(verbose_name="提出时间")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="审核时间")),
                ("decision_note", models.CharField(blank=True, max_length=200, verbose_name="审核意见")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="审核人",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="change_proposals",
                        to="cms.organisation",
                        verbose_name="提出机构",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="change_proposals",
                        to="cms.person",
                        verbose_name="人员",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="提出人",
                    ),
                ),
            ],
            options={
                "verbose_name": "身份更正",
                "verbose_name_plural": "身份更正",
                "ordering": ["-proposed_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("person",),
                        name="cms_change_one_waiting",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", True),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="cms_change_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "declined"), _negated=True),
                            models.Q(("decision_note", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="cms_change_declined_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DoubleReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="理由")),
                ("reviewed_at", models.DateTimeField(verbose_name="看过的时间")),
                (
                    "first",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cms.person"
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cms.person"
                    ),
                ),
            ],
            options={
                "verbose_name": "不是同一人",
                "verbose_name_plural": "不是同一人",
                "constraints": [
                    models.UniqueConstraint(fields=("first", "second"), name="cms_double_review_once"),
                    models.CheckConstraint(
                        condition=models.Q(("first__lt", models.F("second"))),
                        name="cms_double_review_ordered",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HealthCertificate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("region_code", models.CharField(db_index=True, max_length=12)),
                (
                    "check_class",
                    models.CharField(
                        choices=[
                            ("general", "一般家政服务"),
                            ("live_in", "居家（住家）服务"),
                            ("elder_care", "养老照护"),
                            ("mother_baby", "母婴照护"),
                        ],
                        max_length=20,
                        verbose_name="体检类别",
                    ),
                ),
                ("issued_on", models.DateField(verbose_name="发证日期")),
                ("valid_until", models.DateField(verbose_name="有效期至")),
                ("has_passed", models.BooleanField(verbose_name="合格")),
                ("recorded_at", models.DateTimeField(verbose_name="登记时间")),
                ("superseded_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="health_certificates",
                        to="cms.organisation",
                        verbose_name="登记机构",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="health_certificates",
                        to="cms.person",
                    ),
                ),
            ],
            options={
                "verbose_name": "健康证",
                "verbose_name_plural": "健康证",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_until__gte", models.F("issued_on"))),
                        name="cms_health_certificate_ends_after_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PersonMerge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="理由")),
                ("choices", models.JSONField(default=dict)),
                ("moved", models.JSONField(default=list)),
                ("merged_at", models.DateTimeField(verbose_name="合并时间")),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="撤销时间")),
                ("undo_reason", models.CharField(blank=True, max_length=200, verbose_name="撤销理由")),
                (
                    "kept",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merges_kept",
                        to="cms.person",
                        verbose_name="留下的登记",
                    ),
                ),
                (
                    "merged",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merges_gone",
                        to="cms.person",
                        verbose_name="并掉的登记",
                    ),
                ),
                (
                    "merged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="合并人",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="撤销人",
                    ),
                ),
            ],
            options={
                "verbose_name": "合并记录",
                "verbose_name_plural": "合并记录",
                "ordering": ["-merged_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at__isnull", True)),
                        fields=("merged",),
                        name="cms_merge_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kept", models.F("merged")), _negated=True),
                        name="cms_merge_two_people",
                    ),
                ],
            },
        ),
        migrations.RunPython(education_into_facts, migrations.RunPython.noop),
    ]
