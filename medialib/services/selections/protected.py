"""How many of the selected files a rule protects: said while selecting, so that nobody meets it at the end only."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from django.utils.timezone import now

from medialib.models import Asset, Selection
from medialib.services.accounts import protections
from medialib.services.base.cache import kept
from medialib.services.selections.ticks import CACHE_THRESHOLD, SelectionSummary

MOST_COUNTED = 1000  # From there on it is said that there are so many or more.
MOST_SEEN = 50_000  # Files of a selection that are held against the rules here; the review looks at all of them.


@dataclass(frozen=True)
class ProtectedCount:
    files: int = 0
    is_capped: bool = False  # There may be more.


def protected_count(selection: Selection, summary: SelectionSummary) -> ProtectedCount:
    """One statement over a bounded number of files. Of a large selection as of the last minute, whatever is ticked."""
    rules = protections.rules_of(selection.account) if summary.file_count else []
    if not rules:
        return ProtectedCount()

    def count() -> ProtectedCount:
        assets = Asset.objects.live(selection.account).filter(protections.condition_of(rules, at=now()))
        included = selection.items.filter(is_excluded=False).order_by("asset_id").values("asset")[:MOST_SEEN]
        files = assets.filter(pk__in=included)[:MOST_COUNTED].count()
        return ProtectedCount(files, files >= MOST_COUNTED or summary.file_count > MOST_SEEN)

    if summary.file_count < CACHE_THRESHOLD:
        return count()
    # Another one as soon as a whole filter is taken or a rule comes or goes, not with each row.
    asked = sha256(repr((selection.filters, [(rule.pk, rule.value) for rule in rules])).encode()).hexdigest()
    return kept(f"selection-{selection.pk}-protected-{asked}", count, is_dear=lambda _count: True)
