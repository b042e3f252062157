from django.db import migrations, models

import medialib.models.folding


class Migration(migrations.Migration):
    """Searches compare text that Python has folded, so that case means the same in any script and on each database."""

    dependencies = [("medialib", "0018_shared_cache")]

    operations = [
        migrations.AddField("asset", "search_text", medialib.models.folding.FoldedPathField()),
        migrations.AddField("asset", "search_name", medialib.models.folding.FoldedNameField()),
        # Each index begins with the account, so one of its own only costs time.
        migrations.AlterField(
            "asset",
            "account",
            models.ForeignKey(
                db_index=False,
                on_delete=models.deletion.CASCADE,
                related_name="assets",
                to="medialib.account",
            ),
        ),
    ]
