from django.db import migrations, models
from django.db.models import F, Q

LIVE = Q(removed_at__isnull=True)


def live_index(name, *fields, condition=LIVE):
    index = models.Index(fields=["account", *fields, "id"], condition=condition, name=name)
    return migrations.AddIndex("asset", index)


class Migration(migrations.Migration):
    """A filter that few files match finds them by an index; without these a page reads the whole library for them."""

    dependencies = [("medialib", "0021_fold_known_assets")]

    operations = [
        live_index("asset_of_kind", "kind", "created_at"),
        live_index("asset_of_format", "format", "created_at"),
        live_index("asset_by_width", "width", condition=LIVE & Q(width__isnull=False)),
        live_index("asset_by_height", "height", condition=LIVE & Q(height__isnull=False)),
        live_index("asset_private", "created_at", condition=LIVE & Q(is_private=True)),
        live_index("asset_unpublished", "created_at", condition=LIVE & Q(is_published=False)),
        live_index("asset_of_versions", "created_at", condition=LIVE & Q(version_name__is_first_version=False)),
        live_index("asset_updated_early", condition=LIVE & Q(created_at__gt=F("updated_at"))),
        live_index("asset_untagged", "created_at", condition=LIVE & Q(tags__is_empty_list=True)),
    ]
