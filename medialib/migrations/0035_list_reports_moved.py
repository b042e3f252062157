from django.db import migrations


class Migration(migrations.Migration):
    """The reports of lists are with their parts now."""

    dependencies = [
        ("medialib", "0034_keep_list_reports"),
    ]

    operations = [
        migrations.RemoveField("listimport", "report"),
    ]
