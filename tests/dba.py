"""What somebody can do who administers the database: the triggers are dropped, rows are changed, and they come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from medialib.models.audit import append_only


@contextmanager
def without_triggers() -> Iterator[None]:
    with transaction.atomic():
        connection.check_constraints()  # PostgreSQL drops no trigger of a table that still has keys to check.
        append_only.remove(connection)
        yield
        connection.check_constraints()
        append_only.install(connection)


def attempt(*statements: str) -> None:
    """Raw SQL by somebody who may write rows and nothing else."""
    with transaction.atomic():
        connection.check_constraints()
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
