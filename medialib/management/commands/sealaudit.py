from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib.management.base import MedialibCommand, Report, operator
from medialib.models import AuditSegment
from medialib.services.audit.seal import care, sealing


class Command(MedialibCommand):
    help = "Seal every audit event that is there now. Workers do it by themselves every few seconds."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accept-restore",
            metavar="REASON",
            help="After a backup was restored: go on although later seals are lost. Stays on record.",
        )

    def work(self, *, accept_restore: str | None, **options: Any) -> Report:
        if accept_restore is not None:
            care.accept_restore(accept_restore, actor=operator())
        count = sealing.seal_all()
        head = AuditSegment.objects.head()
        data = {"events": count, "segment": head.number if head else None, "head": head.hash if head else None}
        return Report([f"Sealed {count} event{'' if count == 1 else 's'}."], data)
