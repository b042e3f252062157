from django.db import migrations, models

import medialib.models.audit_index
from medialib.models import audit_index


def install(apps, schema_editor):
    audit_index.install(schema_editor.connection)


def remove(apps, schema_editor):
    audit_index.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """Paths of a million events are found by an index, and days are summed: a worker fills both beside its work."""

    dependencies = [
        ("medialib", "0023_asset_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditPath",
            fields=[
                ("event_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("folded", medialib.models.audit_index.FoldedPathField()),
            ],
        ),
        migrations.CreateModel(
            name="AuditDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("account_id", models.BigIntegerField(null=True)),
                ("account_name", models.CharField(blank=True, max_length=60)),
                ("actor_name", models.CharField(blank=True, max_length=150)),
                ("outcome", models.CharField(max_length=12)),
                ("files", models.PositiveIntegerField(default=0)),
                ("size_bytes", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "account_name", "actor_name", "outcome"), name="audit_day_once"
                    )
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
