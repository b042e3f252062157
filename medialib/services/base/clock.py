"""The time that all workers share: the database's, since the clocks of several machines differ."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection
from django.utils.timezone import now


def shared_now() -> datetime:
    """The present by the database server's clock; with SQLite, which has none, by this machine's."""
    if connection.vendor != "postgresql":
        return now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        value: datetime = cursor.fetchone()[0]
    return value.astimezone(UTC)
