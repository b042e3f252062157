from django.db import migrations

from medialib.services.accounts import groups


def add(apps, schema_editor):
    groups.add_groups(apps, schema_editor.connection.alias)


def remove(apps, schema_editor):
    groups.remove_groups(apps, schema_editor.connection.alias)


class Migration(migrations.Migration):
    """Groups for the usual duties, so that nobody has to put permissions together first."""

    dependencies = [
        ("medialib", "0002_database_objects"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(add, remove)]
