from django.conf import settings
from django.db import migrations


def keep_everybodys_rights(apps, schema_editor):
    """Who was here before saw every account: a membership of all of them keeps it so. Groups still limit what they do."""
    alias = schema_editor.connection.alias
    memberships = apps.get_model("medialib", "Membership").objects.using(alias)
    people = apps.get_model(settings.AUTH_USER_MODEL).objects.using(alias).filter(is_superuser=False)
    for person in people.iterator():
        memberships.create(user=person, account=None, may_delete=True)


class Migration(migrations.Migration):
    """Without it nobody but superusers would see an account after the upgrade."""

    dependencies = [("medialib", "0015_memberships")]

    operations = [migrations.RunPython(keep_everybodys_rights, migrations.RunPython.noop)]
