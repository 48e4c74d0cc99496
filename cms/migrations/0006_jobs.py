"""Jobs: figures that outlive their items, when an item was last tried, and items set aside as a state of their own."""

from django.db import migrations, models


def name_set_aside(apps, schema_editor):
    """Items that took all their tries stood as refused."""
    apps.get_model("cms", "JobItem").objects.filter(state="refused", code="gave_up").update(
        state="set_aside", code="worker_lost"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0005_bounded_rules"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="figures",
            field=models.JSONField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                verbose_name="结果统计",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="items_swept_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="明细清理时间"),
        ),
        migrations.AddField(
            model_name="jobitem",
            name="tried_at",
            field=models.DateTimeField(null=True, verbose_name="最近处理时间"),
        ),
        migrations.AlterField(
            model_name="jobitem",
            name="state",
            field=models.CharField(
                choices=[
                    ("pending", "等待"),
                    ("done", "完成"),
                    ("skipped", "无需处理"),
                    ("refused", "未通过"),
                    ("set_aside", "已搁置"),
                ],
                default="pending",
                max_length=20,
                verbose_name="结果",
            ),
        ),
        migrations.RunPython(name_set_aside, migrations.RunPython.noop, elidable=True),
    ]
