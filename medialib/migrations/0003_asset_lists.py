import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

LIVE = Q(removed_at__isnull=True)


def live_index(name, *fields):
    return migrations.AddIndex("asset", models.Index(fields=["account", *fields, "id"], condition=LIVE, name=name))


class Migration(migrations.Migration):
    """Each order of the library starts at its first row; without these every page sorts the whole account."""

    dependencies = [("medialib", "0002_asset_text_by_code_point")]

    operations = [
        # Each sync rewrites seen_in in every row and nothing looks rows up by it: its index only cost time.
        migrations.AlterField(
            "asset",
            "seen_in",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="medialib.syncrun",
            ),
        ),
        live_index("asset_by_created", "created_at"),
        live_index("asset_by_updated", "updated_at"),
        live_index("asset_by_name", "name"),
        live_index("asset_by_size", "size_bytes"),
        live_index("asset_by_path", "path"),
        live_index("asset_in_folder", "folder", "created_at"),
    ]
