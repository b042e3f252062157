from django.db import migrations

import medialib.models.sql


class Migration(migrations.Migration):
    """Names and paths sort by code point on each database, so a folder is a range of paths everywhere."""

    dependencies = [("medialib", "0001_initial")]

    operations = [
        migrations.AlterField("asset", "name", medialib.models.sql.BinaryTextField()),
        migrations.AlterField(
            "asset", "path", medialib.models.sql.BinaryTextField(help_text="Folder and name, with a leading slash.")
        ),
        migrations.AlterField(
            "asset",
            "folder",
            medialib.models.sql.BinaryTextField(help_text="Leading slash, no trailing one; the root is “/”."),
        ),
    ]
