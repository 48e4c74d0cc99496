from django.db import migrations, models
from django.utils import timezone


def mark_loaded(apps, schema_editor):
    """A demo world of before counts as loaded: nobody noted whether it was."""
    settings = apps.get_model("cms", "SiteSettings")
    settings.objects.filter(show_demo_banner=True).update(demo_loaded_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0018_search_keys"),
    ]

    operations = [
        migrations.AddField(
            model_name="sitesettings",
            name="demo_loaded_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(mark_loaded, migrations.RunPython.noop),
    ]
