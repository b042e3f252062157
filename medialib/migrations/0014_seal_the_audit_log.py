from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Audit events get a seal over each run of them, two columns on who acted, and indexes for rare kinds."""

    dependencies = [
        ("medialib", "0013_exchange_gone_count"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditCursor",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("event_id", models.BigIntegerField(default=0, help_text="The last event that it is done with.")),
                ("lease_owner", models.CharField(blank=True, max_length=80)),
                ("lease_until", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0, help_text="Attempts in a row that failed.")),
                ("error", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="AuditSegment",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "first_position",
                    models.BigIntegerField(help_text="Place of its first event in the chain, from 1, without gaps."),
                ),
                ("event_count", models.PositiveIntegerField()),
                ("first_id", models.BigIntegerField(unique=True)),
                ("last_id", models.BigIntegerField(unique=True)),
                ("first_time", models.DateTimeField(help_text="The earliest time of its events.")),
                ("last_time", models.DateTimeField(help_text="The latest time of its events.")),
                ("previous", models.CharField(help_text="Hash of the segment before.", max_length=64, unique=True)),
                ("hash", models.CharField(max_length=64)),
                ("header", models.TextField()),
                ("signature", models.CharField(max_length=128)),
                (
                    "leaves",
                    models.BinaryField(
                        help_text="The events' leaf hashes, 32 bytes each: they tell which event was changed."
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.AddField(
            model_name="auditevent",
            name="session",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="Fingerprint of the person's session.", max_length=16
            ),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="web_request",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="medialib's own id of the page request.", max_length=36
            ),
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="event",
            field=models.CharField(
                choices=[
                    ("file.settled", "file settled"),
                    ("file.unverified", "answer lost, file unverified"),
                    ("batch.sent", "call about to be sent"),
                    ("manifest.frozen", "files frozen"),
                    ("job.confirmed", "deletion confirmed"),
                    ("job.started", "job started"),
                    ("job.paused", "job paused"),
                    ("job.resumed", "job resumed"),
                    ("job.speed", "job speed changed"),
                    ("job.undone", "job undone before it started"),
                    ("job.cancelled", "job cancelled"),
                    ("job.verify", "unverified files looked up again"),
                    ("job.finished", "job finished"),
                    ("purge.requested", "CDN purge requested"),
                    ("account.added", "account added"),
                    ("account.changed", "account changed"),
                    ("key.added", "key added"),
                    ("key.checked", "key tested"),
                    ("key.retired", "key retired"),
                    ("key.reencrypted", "stored keys encrypted anew"),
                    ("key.first_used", "key used for the first time"),
                    ("audit.exported", "audit log exported"),
                    ("audit.pruned", "old audit events archived and removed"),
                    ("audit.key_changed", "key that signs the audit log changed"),
                    ("audit.restored", "audit log went on after a restored backup"),
                    ("person.added", "person added"),
                    ("person.changed", "person or their rights changed"),
                    ("person.removed", "person removed"),
                    ("group.changed", "group or its rights changed"),
                    ("settings.weak", "started with settings that weaken safety"),
                    ("person.signed_in", "signed in"),
                    ("person.sign_in_failed", "sign-in failed"),
                    ("person.signed_out", "signed out"),
                ],
                max_length=30,
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("outcome__in", ["", "deleted"]), _negated=True),
                fields=["outcome", "-id"],
                name="audit_unusual",
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("event", "file.settled"), _negated=True),
                fields=["event", "-id"],
                name="audit_of_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="auditsegment",
            index=models.Index(fields=["first_time", "last_id"], name="audit_segment_begins"),
        ),
        migrations.AddIndex(
            model_name="auditsegment",
            index=models.Index(fields=["last_time", "first_id"], name="audit_segment_ends"),
        ),
        migrations.AddConstraint(
            model_name="auditsegment",
            constraint=models.CheckConstraint(
                condition=models.Q(("event_count__gte", 1), ("last_id__gte", models.F("first_id"))),
                name="audit_segment_holds_events",
            ),
        ),
    ]
