from django.db import migrations


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
    """The report of each list becomes its only part."""

    dependencies = [
        ("medialib", "0033_list_parts"),
    ]

    operations = [
        migrations.RunPython(keep_reports, put_reports_back),
    ]
