"""A call can be held back after its intent was recorded; the log names it. No column changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("medialib", "0030_summaries_and_freshness")]

    operations = [
        migrations.AlterField(
            model_name="auditevent",
            name="event",
            field=models.CharField(
                choices=[
                    ("file.settled", "file settled"),
                    ("file.unverified", "answer lost, file unverified"),
                    ("batch.sent", "call about to be sent"),
                    ("batch.held", "call held back, not sent"),
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
    ]
