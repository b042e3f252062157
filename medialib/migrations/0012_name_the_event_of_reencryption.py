from django.db import migrations, models


class Migration(migrations.Migration):
    """Re-encryption of the stored keys is an event of its own. Changes no column."""

    dependencies = [
        ("medialib", "0011_ready_made_groups"),
    ]

    operations = [
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
                    ("audit.exported", "audit log exported"),
                    ("person.signed_in", "signed in"),
                    ("person.sign_in_failed", "sign-in failed"),
                    ("person.signed_out", "signed out"),
                ],
                max_length=30,
            ),
        ),
    ]
