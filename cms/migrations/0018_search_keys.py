from django.db import migrations, models

from cms.pinyin import organisation_key, spell_name

ROWS = 1000


def write_keys(apps, schema_editor):
    """Let everybody who is registered already be found; erased people have no spelling and get no key."""
    organisations = apps.get_model("cms", "Organisation")
    changed = list(organisations.objects.order_by("pk"))
    for one in changed:
        one.search_key = organisation_key(one.name, one.short_code, one.uscc or "")
    organisations.objects.bulk_update(changed, ["search_key"], batch_size=ROWS)

    people = apps.get_model("cms", "Person")
    last = 0
    while batch := list(
        people.objects.filter(pk__gt=last).prefetch_related("former_names").order_by("pk")[:ROWS]
    ):
        last = batch[-1].pk
        named = [person for person in batch if person.name_pinyin]
        for person in named:
            former = [row.name for row in person.former_names.all()]
            person.search_key = spell_name(person.legal_name, former).search_key
        people.objects.bulk_update(named, ["search_key"])


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0017_import_kit"),
    ]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="search_key",
            field=models.TextField(blank=True, db_default="", editable=False),
        ),
        migrations.AddField(
            model_name="person",
            name="search_key",
            field=models.TextField(blank=True, db_default="", editable=False),
        ),
        migrations.RunPython(write_keys, migrations.RunPython.noop),
    ]
