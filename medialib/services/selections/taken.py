"""What the bar says of a set that was taken as a whole: how many files, how large, when, and the mark of the set."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.timezone import now

from medialib.models import Selection
from medialib.services.selections import ticks

CHUNK = 20_000


@dataclass(frozen=True)
class TakenSet:
    """Numbers of the moment when it was taken; what is unticked later is counted apart, as exclusions."""

    at: str
    file_count: int
    total_bytes: int
    mark: str

    @property
    def time(self) -> datetime | None:
        return parse_datetime(self.at)


def note(selection: Selection) -> None:
    """Remember with the selection what was just taken."""
    summary = ticks.summary(selection)
    taken = TakenSet(now().isoformat(), summary.file_count, summary.total_bytes, mark_of(selection))
    selection.taken = asdict(taken)
    selection.save(update_fields=["taken"])


def recall(selection: Selection) -> TakenSet | None:
    """None when nothing was taken as a whole since the selection was last cleared."""
    return TakenSet(**selection.taken) if selection.taken and selection.filters else None


def mark_of(selection: Selection) -> str:
    """Two sets of files have the same mark when they are the same. Read along an index, in the order of the rows."""
    rows = selection.items.filter(is_excluded=False).order_by("asset_id").values_list("asset_id", flat=True)
    digest = hashlib.sha256(str(selection.account_id).encode())
    for pk in rows.iterator(chunk_size=CHUNK):
        digest.update(b" %d" % pk)
    return digest.hexdigest()
