"""Up to which event the log is decided: no event with a lower id can appear any more.

Events get their ids when they are written, and appear when their transaction commits. On PostgreSQL transactions that
write at the same time commit in any order, so a lower id may appear after a higher one. Sealing must not pass it by.

Each writer of an event takes the table's ROW EXCLUSIVE lock before the id is drawn and holds it until the end of the
transaction. So: note the highest id, then note who holds that lock. Once those have ended, every id up to the noted
one is either there or never will be. Nobody waits and nothing is locked (as CREATE INDEX CONCURRENTLY does it).

SQLite lets one transaction write at a time, so there ids appear in their order.
"""

from __future__ import annotations

import threading
import time

from django.db import connection

from medialib.models import AuditEvent

WRITERS = """
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND relation = to_regclass('medialib_auditevent')
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND granted AND pid IS DISTINCT FROM pg_backend_pid()
"""


class Horizon:
    """Remembers which transactions it waits for, so one long transaction delays the seal and cannot starve it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._decided = 0
        self._noted = 0
        self._waiting: set[str] = set()
        self._noted_at = time.monotonic()

    def look(self) -> int:
        """The highest id that is decided now."""
        with self._lock:
            writers = _writers()
            if not self._waiting & writers:
                self._decided = self._noted
                self._noted, self._noted_at = _newest_id(), time.monotonic()
                self._waiting = _writers()  # After the id was noted: who comes later draws a higher one.
                if not self._waiting:
                    self._decided = self._noted
            return self._decided

    def held_up_s(self) -> float:
        """How long the same transactions have kept the newest events from being decided."""
        with self._lock:
            return time.monotonic() - self._noted_at if self._waiting else 0.0


def _newest_id() -> int:
    return AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _writers() -> set[str]:
    if connection.vendor != "postgresql":
        return set()
    with connection.cursor() as cursor:
        cursor.execute(WRITERS)
        return {row[0] for row in cursor.fetchall()}
