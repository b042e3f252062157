from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Two syncs of one account would each take the files that only the other saw for gone."""

    dependencies = [("medialib", "0003_asset_lists")]

    operations = [
        migrations.AddConstraint(
            "syncrun",
            models.UniqueConstraint(condition=Q(state="running"), fields=("account",), name="sync_one_at_a_time"),
        ),
    ]
