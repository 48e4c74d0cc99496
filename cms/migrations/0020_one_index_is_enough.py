"""Four foreign keys lose an index of their own: that of a constraint begins with them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cms", "0019_demo_loaded")]

    operations = [
        migrations.AlterField(
            "affiliation",
            "person",
            models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="affiliations", to="cms.person"
            ),
        ),
        migrations.AlterField(
            "documentdigest",
            "document",
            models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="digests", to="cms.persondocument"
            ),
        ),
        migrations.AlterField(
            "importrow",
            "upload",
            models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="cms.dataimport"
            ),
        ),
        migrations.AlterField(
            "jobitem",
            "job",
            models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="items", to="cms.job"
            ),
        ),
    ]  # fmt: skip
