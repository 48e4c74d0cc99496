"""The database itself refuses to change or remove an audit entry."""

from django.db import migrations

from cms.database import drop_append_only, make_append_only


class Migration(migrations.Migration):
    dependencies = [("cms", "0002_site")]

    operations = [
        migrations.RunPython(make_append_only("cms_auditentry"), drop_append_only("cms_auditentry")),
    ]
