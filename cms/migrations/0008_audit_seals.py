"""Seals over the audit log, signing keys, and typed words apart from the entries."""

import django.db.models.deletion
from django.db import migrations, models

from cms.database import drop_append_only, make_append_only


def _begin_chain(apps, schema_editor):
    apps.get_model("cms", "SealChain").objects.using(schema_editor.connection.alias).get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0007_messages"),
    ]

    operations = [
        migrations.CreateModel(
            name="SealChain",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("last_number", models.BigIntegerField(default=0)),
                ("last_digest", models.CharField(blank=True, max_length=64)),
                ("complete_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="auditentry",
            name="stamp",
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
        migrations.CreateModel(
            name="AuditNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("entry_id", models.UUIDField(verbose_name="操作记录")),
                ("field", models.CharField(max_length=20, verbose_name="栏目")),
                ("salt", models.CharField(blank=True, max_length=32)),
                ("text_token", models.TextField(blank=True, verbose_name="说明")),
                ("erased_at", models.DateTimeField(null=True, verbose_name="删除时间")),
            ],
            options={
                "verbose_name": "操作说明",
                "verbose_name_plural": "操作说明",
                "constraints": [models.UniqueConstraint(fields=("entry_id", "field"), name="cms_note_once")],
            },
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kid", models.CharField(max_length=43, unique=True, verbose_name="密钥编号")),
                ("public_jwk", models.JSONField(verbose_name="公钥")),
                (
                    "store",
                    models.CharField(
                        choices=[
                            ("database", "数据库（加密）"),
                            ("environment", "数据库之外（SIGNING_KEYS）"),
                        ],
                        max_length=12,
                        verbose_name="私钥存放",
                    ),
                ),
                ("private_token", models.TextField(blank=True, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("made", "已生成"),
                            ("active", "使用中"),
                            ("retired", "已停用"),
                            ("revoked", "已吊销"),
                        ],
                        default="made",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="生成时间")),
                ("valid_from", models.DateTimeField(blank=True, null=True, verbose_name="启用时间")),
                ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="停用时间")),
                ("distrusted_from", models.DateTimeField(blank=True, null=True, verbose_name="从此不可信")),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signing_keys",
                        to="cms.organisation",
                        verbose_name="签发机构",
                    ),
                ),
            ],
            options={
                "verbose_name": "签名密钥",
                "verbose_name_plural": "签名密钥",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="封存号")),
                ("previous", models.CharField(blank=True, max_length=64, verbose_name="上一次封存的摘要")),
                ("root", models.CharField(max_length=64, verbose_name="默克尔根")),
                ("count", models.PositiveIntegerField(verbose_name="记录数")),
                ("first_id", models.UUIDField(verbose_name="第一条")),
                ("last_id", models.UUIDField(verbose_name="最后一条")),
                ("at", models.DateTimeField(db_index=True, verbose_name="封存时间")),
                ("digest", models.CharField(max_length=64, verbose_name="摘要")),
                ("signature", models.CharField(max_length=120, verbose_name="签名")),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seals",
                        to="cms.signingkey",
                        verbose_name="签名密钥",
                    ),
                ),
            ],
            options={
                "verbose_name": "封存",
                "verbose_name_plural": "封存",
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="AuditSealEntry",
            fields=[
                ("entry_id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("flaw", models.CharField(blank=True, max_length=10)),
                (
                    "seal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="cms.auditseal",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("seal", "position"), name="cms_seal_position")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="signingkey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")),
                fields=("organisation",),
                name="cms_key_active_organisation",
            ),
        ),
        migrations.AddConstraint(
            model_name="signingkey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("organisation__isnull", True), ("state", "active")),
                fields=("state",),
                name="cms_key_active_installation",
            ),
        ),
        migrations.RunPython(make_append_only("cms_auditseal"), drop_append_only("cms_auditseal")),
        migrations.RunPython(make_append_only("cms_auditsealentry"), drop_append_only("cms_auditsealentry")),
        migrations.RunPython(_begin_chain, migrations.RunPython.noop),
    ]
