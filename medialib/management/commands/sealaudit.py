from __future__ import annotations

from pathlib import Path
from typing import Any

import requests
from django.core.management.base import CommandParser

from medialib.errors import WrongUse
from medialib.management.base import MedialibCommand, Report, operator
from medialib.models import AuditSegment
from medialib.services.audit.seal import against as seal_against
from medialib.services.audit.seal import care, copies, sealing
from medialib.services.audit.seal.against import Seen


class Command(MedialibCommand):
    help = "Seal every audit event that is there now. Workers do it by themselves every few seconds."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accept-restore",
            metavar="REASON",
            help="After a backup was restored: go on although later seals are lost. Stays on record.",
        )

        parser.add_argument(
            "--against",
            metavar="FILE",
            help="With --accept-restore: what the second place received, where it cannot be read from here.",
        )

    def work(self, *, accept_restore: str | None, against: str | None, **options: Any) -> Report:
        if accept_restore is not None:
            seen = seal_against.read(Path(against)) if against else readable_place()
            care.accept_restore(accept_restore, actor=operator(), seen=seen)
        elif against is not None:
            raise WrongUse(
                "--against goes with --accept-restore. To compare, there is “manage.py verifyaudit --against”."
            )
        count = sealing.seal_all()
        with requests.Session() as session:
            copies.pass_on(session=session)
        head = AuditSegment.objects.head()
        data = {"events": count, "segment": head.number if head else None, "head": head.hash if head else None}
        return Report([f"Sealed {count} event{'' if count == 1 else 's'}."], data)


def readable_place() -> Seen | None:
    """A second place that is away hinders nobody who accepts a loss noted here."""
    try:
        return seal_against.configured()
    except OSError:
        return None
