"""CappedPaginator: pages without an exact count, which at a million rows costs more than the page itself."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MOST_ROWS = 10_000


class CappedPaginator(Paginator):
    """Counts no further than MOST_ROWS, and shows no more. Filters lead to what lies beyond."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return rows.order_by().values("pk")[:MOST_ROWS].count()
