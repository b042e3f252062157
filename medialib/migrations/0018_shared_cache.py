from django.core.management import call_command
from django.db import migrations

TABLE = "medialib_cache"


def make_table(apps, schema_editor):
    call_command("createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0)


def remove_table(apps, schema_editor):
    schema_editor.execute(f"DROP TABLE {schema_editor.quote_name(TABLE)}")


class Migration(migrations.Migration):
    """Failed sign-ins are counted here, because all web processes must count together."""

    dependencies = [("medialib", "0017_key_rotation")]

    operations = [migrations.RunPython(make_table, remove_table)]
