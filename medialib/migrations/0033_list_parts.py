import django.db.models.deletion
from django.db import migrations, models


def keep_reports(apps, schema_editor):
    """A list of before is one part that is matched."""
    ListImport, ListPart = apps.get_model("medialib", "ListImport"), apps.get_model("medialib", "ListPart")
    for pk, report in ListImport.objects.values_list("pk", "report").iterator(chunk_size=20):
        ListPart.objects.create(whole_id=pk, number=0, report=report)


def put_reports_back(apps, schema_editor):
    ListImport, ListPart = apps.get_model("medialib", "ListImport"), apps.get_model("medialib", "ListPart")
    for made in ListImport.objects.defer("report"):
        parts = ListPart.objects.filter(whole=made, report__isnull=False).order_by("number")
        # One gzip stream after the other is a gzip stream.
        made.report = b"".join(bytes(report) for report in parts.values_list("report", flat=True))
        made.save(update_fields=["report"])


class Migration(migrations.Migration):

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
        migrations.RunPython(keep_reports, put_reports_back),
        migrations.RemoveField("listimport", "report"),
    ]
