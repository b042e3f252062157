from django.db import migrations, models


class Migration(migrations.Migration):
    """Keys may expire, may be replaced with an overlap, and remember what their last test showed."""

    dependencies = [("medialib", "0016_keep_everybodys_rights")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="expires_at",
            field=models.DateTimeField(blank=True, help_text="When ImageKit stops accepting it, as you set it there.", null=True, verbose_name="expires"),
        ),
        migrations.AddField(
            model_name="apikey",
            name="checked_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="tested"),
        ),
        migrations.AddField(
            model_name="apikey",
            name="may_write",
            field=models.BooleanField(editable=False, help_text="What the last test showed.", null=True, verbose_name="may delete"),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="retired_at",
            field=models.DateTimeField(blank=True, editable=False, help_text="From then on it is not used, and its secret is erased.", null=True),
        ),
    ]
