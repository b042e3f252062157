import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """A selection knows what came with “all matching”, so that unticking such a file excludes it for good."""

    dependencies = [
        ("medialib", "0004_one_sync_at_a_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "selection",
            "filters",
            models.JSONField(default=list, help_text="Filters whose matches were taken as a whole."),
        ),
        migrations.AddField(
            "selectionitem",
            "is_from_all",
            models.BooleanField(default=False, help_text="Taken with “all matching”."),
        ),
        migrations.AlterField(
            "selectionitem",
            "selection",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="items",
                to="medialib.selection",
            ),
        ),
        migrations.AddConstraint(
            "selection",
            models.UniqueConstraint(fields=("owner", "account"), name="selection_once_per_person_and_account"),
        ),
        migrations.AddConstraint(
            "selectionitem",
            models.CheckConstraint(
                condition=Q(is_excluded=False) | Q(is_from_all=True), name="selection_excludes_from_all"
            ),
        ),
    ]
