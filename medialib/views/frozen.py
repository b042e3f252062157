"""What the bar says of a set that was taken as a whole: how many files, how large, when, and the mark of the set."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.timezone import now

from medialib.models import Selection
from medialib.services import selections

CHUNK = 20_000


@dataclass(frozen=True)
class Frozen:
    """Numbers of the moment when it was taken; what is unticked later is counted apart, as exclusions."""

    selection: str
    at: str
    file_count: int
    total_bytes: int
    mark: str

    @property
    def time(self) -> datetime | None:
        return parse_datetime(self.at)


def note(request: HttpRequest, selection: Selection) -> Frozen:
    """Remember for this person what was just taken."""
    summary = selections.summary(selection)
    frozen = Frozen(str(selection.pk), now().isoformat(), summary.file_count, summary.total_bytes, mark_of(selection))
    request.session[_key(selection)] = asdict(frozen)
    return frozen


def recall(request: HttpRequest, selection: Selection) -> Frozen | None:
    kept = request.session.get(_key(selection))
    return Frozen(**kept) if isinstance(kept, dict) and selection.filters else None


def mark_of(selection: Selection) -> str:
    """Two sets of files have the same mark when they are the same. Read along an index, in the order of the rows."""
    rows = selection.items.filter(is_excluded=False).order_by("asset_id").values_list("asset_id", flat=True)
    digest = hashlib.sha256(str(selection.account_id).encode())
    for pk in rows.iterator(chunk_size=CHUNK):
        digest.update(b" %d" % pk)
    return digest.hexdigest()


def _key(selection: Selection) -> str:
    return f"frozen-{selection.pk}"
