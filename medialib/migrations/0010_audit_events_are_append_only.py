from django.db import migrations

from medialib.models import append_only


def install(apps, schema_editor):
    append_only.install(schema_editor.connection)


def remove(apps, schema_editor):
    append_only.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """The database itself refuses to change or remove an audit event, whoever asks."""

    dependencies = [("medialib", "0005_selection_remembers_all")]

    operations = [migrations.RunPython(install, remove)]
