import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A list of files is matched part by part: its lines and what became of them get a table of their own."""

    dependencies = [
        ("medialib", "0032_sort_by_type"),
    ]

    operations = [
        migrations.CreateModel(
            name="ListPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("lines", models.BinaryField(help_text="As long as they are not matched: JSON, compressed by zlib.", null=True)),
                ("report", models.BinaryField(help_text="Each line and what became of it, as CSV, compressed by gzip.", null=True)),
                ("matched_rows", models.BinaryField(default=bytes, help_text="Rows of the files that it selected, 8 bytes each.")),
                ("whole", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="medialib.listimport")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("whole", "number"), name="list_part_once")],
            },
        ),
        migrations.AlterField("listimport", "line_count", models.PositiveIntegerField(help_text="Lines that hold something, whether matched already or not.")),
        migrations.AlterField("listimport", "matched", models.PositiveIntegerField(default=0)),
        migrations.AlterField("listimport", "repeated", models.PositiveIntegerField(default=0)),
        migrations.AlterField("listimport", "not_found", models.PositiveIntegerField(default=0)),
        migrations.AlterField("listimport", "ambiguous", models.PositiveIntegerField(default=0)),
        migrations.AlterField("listimport", "report", models.BinaryField(default=b"", help_text="Every line and what became of it, as CSV, compressed by gzip.")),
        migrations.AddField("listimport", "left_out", models.PositiveIntegerField(default=0, help_text="Lines that were not looked at: a person stopped it.")),
    ]
