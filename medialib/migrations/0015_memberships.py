import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Who sees and deletes in which account."""

    dependencies = [
        ("medialib", "0014_seal_the_audit_log"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("may_delete", models.BooleanField(default=False, help_text="Counts only together with the right to delete files (group Deleter).", verbose_name="may delete")),
                ("delete_paths", models.TextField(blank=True, help_text="One folder a line, such as /campaigns/*. Empty: the whole account.", verbose_name="only in folders")),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                ("account", models.ForeignKey(blank=True, help_text="Empty: every account, also those that are added later.", null=True, on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="medialib.account")),
                ("added_by", models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to=settings.AUTH_USER_MODEL, verbose_name="person")),
            ],
            options={
                "ordering": ["account__name", "user__username"],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "account"), name="membership_once_per_account"),
                    models.UniqueConstraint(condition=models.Q(("account__isnull", True)), fields=("user",), name="membership_of_all_accounts_once"),
                ],
            },
        ),
    ]
