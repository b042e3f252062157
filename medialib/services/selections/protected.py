"""How many of the selected files a rule protects: said while selecting, so that nobody meets it at the end only."""

from __future__ import annotations

from hashlib import sha256

from django.utils.timezone import now

from medialib.models import Asset, Selection
from medialib.services.accounts import protections
from medialib.services.base.cache import kept
from medialib.services.selections.ticks import CACHE_THRESHOLD, SelectionSummary

MOST_COUNTED = 1000  # From there on it is said that there are so many or more.


def protected_count(selection: Selection, summary: SelectionSummary) -> int:
    """At most MOST_COUNTED. Of a large selection as of the last minute, however often it is changed meanwhile."""
    rules = protections.rules_of(selection.account)
    if not rules or not summary.file_count:
        return 0

    def count() -> int:
        assets = Asset.objects.live(selection.account).filter(protections.condition_of(rules, at=now()))
        included = selection.items.filter(is_excluded=False)
        return assets.filter(pk__in=included.values("asset"))[:MOST_COUNTED].count()

    if summary.file_count < CACHE_THRESHOLD:
        return count()
    # Another one as soon as a whole filter is taken or a rule comes or goes, not with each row.
    asked = sha256(repr((selection.filters, [(rule.pk, rule.value) for rule in rules])).encode()).hexdigest()
    return kept(f"selection-{selection.pk}-protected-{asked}", count, is_dear=lambda _count: True)
