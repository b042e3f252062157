from __future__ import annotations

from typing import Any

from medialib.management.base import MedialibCommand, Report
from medialib.services.audit import rebuilding


class Command(MedialibCommand):
    help = "Rebuild the search index and the sums of the audit pages from the sealed events. The log is not changed."

    def work(self, **options: Any) -> Report:
        count = rebuilding.rebuild()
        return Report([f"Indexed {count} event{'' if count == 1 else 's'} anew."], {"events": count})
