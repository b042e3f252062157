import django.db.models.deletion
from django.db import migrations, models


def account_key(**options):
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="medialib.account", **options
    )


def account_row(related_name):
    return models.OneToOneField(
        on_delete=django.db.models.deletion.CASCADE,
        primary_key=True,
        related_name=related_name,
        serialize=False,
        to="medialib.account",
    )


class Migration(migrations.Migration):
    """Keep what a library holds as a whole, take up a sync where it stopped, and hear of changes as they happen."""

    dependencies = [("medialib", "0026_selection_taken")]

    operations = [
        migrations.AddField(
            "syncrun",
            "kind",
            models.CharField(
                choices=[("full", "Full"), ("incremental", "Incremental")], default="full", max_length=11
            ),
        ),
        migrations.AddField(
            "syncrun",
            "since",
            models.DateTimeField(
                help_text="An incremental run lists what changed at or after this time.", null=True
            ),
        ),
        migrations.AddField(
            "syncrun",
            "place",
            models.JSONField(default=dict, help_text="What is left to list, for whoever takes the run up again."),
        ),
        migrations.CreateModel(
            "LibrarySummary",
            fields=[
                ("account", account_row("summary")),
                ("built_at", models.DateTimeField()),
                ("is_stale", models.BooleanField(default=False, help_text="Files came, changed or went since.")),
                ("file_count", models.PositiveIntegerField()),
                ("total_bytes", models.BigIntegerField()),
                ("facts", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            "FolderTotal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("folder", models.TextField()),
                ("parent", models.TextField(blank=True, help_text="Empty for the root.")),
                ("file_count", models.PositiveIntegerField(help_text="In the folder itself.")),
                ("total_bytes", models.BigIntegerField()),
                ("deep_count", models.PositiveIntegerField(help_text="In it and below it.")),
                ("deep_bytes", models.BigIntegerField()),
                ("child_count", models.PositiveIntegerField()),
                ("account", account_key(related_name="folder_totals")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "parent", "folder"], name="folder_total_children"),
                    models.Index(fields=["account", "parent", "-deep_bytes"], name="folder_total_largest"),
                ],
                "constraints": [models.UniqueConstraint(fields=("account", "folder"), name="folder_total_once")],
            },
        ),
        migrations.CreateModel(
            "WebhookSecret",
            fields=[
                ("account", account_row("webhook_secret")),
                ("ciphertext", models.TextField(editable=False)),
                ("set_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            "WebhookReceipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(max_length=200)),
                ("received_at", models.DateTimeField(db_index=True)),
                ("account", account_key(related_name="+")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("account", "event_id"), name="webhook_once")],
            },
        ),
    ]
