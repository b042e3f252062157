from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from medialib.errors import WrongUse
from medialib.management.base import MedialibCommand, Report, operator, row_number
from medialib.models import Account, AuditEvent, AuditSegment, DeletionJob
from medialib.models.audit.events import AuditEventQuerySet
from medialib.services.audit import export
from medialib.services.base.files import writable, write, write_file

PROOF = "proof"
STREAMS = {"jsonl": export.stream_jsonl, "csv": export.stream_csv}


class Command(MedialibCommand):
    help = "Write the audit log, oldest event first. The export is itself recorded."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--job", type=row_number, metavar="ID", help="Only the events of this job.")
        parser.add_argument("--format", choices=STREAMS, default="jsonl")
        parser.add_argument("--output", metavar="FILE", help="Instead of standard output; appears when it is complete.")
        parser.add_argument(
            "--after", type=row_number, metavar="SEQUENCE", help="Only events after this one, once sealed."
        )
        parser.add_argument(
            "--with-proof", action="store_true", help="All that docs/verify_export.py needs to check it, as JSON lines."
        )
        parser.add_argument("--follow", action="store_true", help="Go on: write events as they are sealed.")

    def work(self, *, follow: bool, with_proof: bool, output: str | None, **options: Any) -> Report:
        target = writable(Path(output)) if output not in (None, "-") else None
        refuse_contradictions(follow=follow, with_proof=with_proof, output=target, **options)
        if follow:
            return self._follow(options["after"] or 0)
        if with_proof:
            return self._export_proof(options["after"] or 0, target)
        return self._export(target, job=options["job"], format_=options["format"], after=options["after"])

    def _export(self, target: Path | None, *, job: int | None, format_: str, after: int | None) -> Report:
        account = Account.objects.filter(jobs=job).first() if job else None
        detail = {"format": format_, "job": job}
        events = export.prepare(events_of(job), actor=operator(), detail=detail, account=account, after=after)
        self._put(target, STREAMS[format_](events))
        return self._report(events.count(), format_, target)

    def _export_proof(self, after: int, target: Path | None) -> Report:
        pieces = export.prepare_proof(actor=operator(), detail={"format": PROOF}, after=after)
        self._put(target, pieces)
        newest = AuditSegment.objects.sealed_up_to()
        return self._report(AuditEvent.objects.filter(pk__gt=after, pk__lte=newest).count(), PROOF, target)

    def _follow(self, after: int) -> Report:
        for piece in export.follow(after, actor=operator()):
            write(self.stdout, iter([piece]))
        return Report()

    def _put(self, target: Path | None, pieces: Iterator[str]) -> None:
        if target:
            write_file(target, pieces)
        else:
            write(self.stdout, pieces)

    def _report(self, count: int, format: str, target: Path | None) -> Report:  # noqa: A002
        line = f"Exported {count} event{'' if count == 1 else 's'}{f' to {target}' if target else ''}."
        if not target:
            self.stderr.write(line, self.style.NOTICE)  # Standard output holds the events.
        data = {"events": count, "format": format, "output": str(target) if target else None}
        return Report([line] if target else [], data)


def refuse_contradictions(
    *,
    follow: bool,
    with_proof: bool,
    output: Path | None,
    job: int | None,
    format: str,  # noqa: A002
    **_: Any,
) -> None:
    if (follow or with_proof) and (job is not None or format != "jsonl"):
        raise WrongUse("The whole log is followed or proven, as JSON lines: leave out --job and --format.")
    if follow and (output or with_proof):
        raise WrongUse("--follow writes to standard output and goes with neither --output nor --with-proof.")


def events_of(job: int | None) -> AuditEventQuerySet:
    if job is None:
        return AuditEvent.objects.all()
    events = AuditEvent.objects.filter(job=job)
    if not DeletionJob.objects.filter(pk=job).exists() and not events.exists():
        raise WrongUse(f"There is no job {job}.")
    return events
