from django.db import migrations

SLICE = 2000


def fold(apps, schema_editor):
    """A slice at a time by row number, so memory stays flat."""
    assets = apps.get_model("medialib", "Asset").objects.using(schema_editor.connection.alias)
    text, name = (assets.model._meta.get_field(column) for column in ("search_text", "search_name"))
    last_pk = 0
    while rows := list(assets.filter(pk__gt=last_pk).order_by("pk").only("pk", "name", "path")[:SLICE]):
        for row in rows:
            row.search_text, row.search_name = text.folded_from(row), name.folded_from(row)
        assets.bulk_update(rows, ["search_text", "search_name"], batch_size=200)
        last_pk = rows[-1].pk


class Migration(migrations.Migration):
    """Files that were indexed before 0020 can be found too."""

    dependencies = [("medialib", "0020_asset_folded_text")]

    operations = [migrations.RunPython(fold, migrations.RunPython.noop)]
