"""Triggers that refuse to change or remove audit events, their seals and frozen lists, whoever asks: the ORM, the admin
or raw SQL. Those of the lists are in frozen_lists.

SQLite drops a table's triggers when a later migration rebuilds it, so a post_migrate receiver puts them back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from medialib.models.audit import frozen_lists
from medialib.models.audit.frozen_lists import Guard

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Table: how its triggers' names begin, its unique columns, each with when they are, and what it holds.
TABLES = {
    "medialib_auditevent": ("audit", {"id": "", "job_id, file_id": "event = 'file.settled'"}, "audit events"),
    "medialib_auditsegment": (
        "audit_segment",
        {"rowid": "", "number": "", "first_id": "", "last_id": "", "previous": ""},
        "audit segments",
    ),
}
SUFFIXES = {"sqlite": ("refuses_update", "refuses_delete", "refuses_replace"), "postgresql": ("refuses_change",)}

SQLITE_INSTALL = (
    """
    CREATE TRIGGER IF NOT EXISTS {name}_refuses_update BEFORE UPDATE ON {table}
    BEGIN SELECT RAISE(ABORT, '{what} can only be added'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS {name}_refuses_delete BEFORE DELETE ON {table}
    BEGIN SELECT RAISE(ABORT, '{what} can only be added'); END
    """,
    # REPLACE removes each row that it replaces, by whatever is unique, without telling the trigger above.
    """
    CREATE TRIGGER IF NOT EXISTS {name}_refuses_replace BEFORE INSERT ON {table}
    WHEN {is_there}
    BEGIN SELECT RAISE(ABORT, '{what} can only be added'); END
    """,
)
SQLITE_REMOVE = tuple(f"DROP TRIGGER IF EXISTS {{name}}_{suffix}" for suffix in SUFFIXES["sqlite"])
SQLITE_NAMES = "SELECT name FROM sqlite_master WHERE type = 'trigger'"

POSTGRESQL_INSTALL = (
    """
    CREATE OR REPLACE FUNCTION {name}_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{what} can only be added' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    "DROP TRIGGER IF EXISTS {name}_refuses_change ON {table}",
    """
    CREATE TRIGGER {name}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION {name}_refuses_change()
    """,
    # Else a session that calls itself a replica would pass.
    "ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}_refuses_change",
)
POSTGRESQL_REMOVE = (
    "DROP TRIGGER IF EXISTS {name}_refuses_change ON {table}",
    "DROP FUNCTION IF EXISTS {name}_refuses_change()",
)
POSTGRESQL_NAMES = """
    SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE tgenabled = 'A' AND NOT tgisinternal AND pg_table_is_visible(pg_class.oid)
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place on the tables that there are; does nothing where they are."""
    there = _names(connection)
    for guard in guards(connection).values():
        if not guard.names <= there:
            _run(connection, guard.install)


def remove(connection: BaseDatabaseWrapper, tables: Iterable[str] | None = None) -> None:
    """Take them away: for the reverse migration, for pruning, and for tests that empty their own database."""
    every = _guards(connection.vendor)
    for table in every if tables is None else tables:
        _run(connection, every[table].remove)


def is_installed(connection: BaseDatabaseWrapper) -> bool:
    """Whether every trigger is there and, on PostgreSQL, always enabled."""
    there = _names(connection)
    return all(guard.names <= there for guard in guards(connection).values())


def _guards(vendor: str) -> dict[str, Guard]:
    return {table: _append_only(vendor, table) for table in TABLES} | frozen_lists.guards(vendor)


def _append_only(vendor: str, table: str) -> Guard:
    name, unique, what = TABLES[table]
    is_there = " OR ".join(_is_there(table, columns, when) for columns, when in unique.items())
    texts = {"sqlite": (SQLITE_INSTALL, SQLITE_REMOVE), "postgresql": (POSTGRESQL_INSTALL, POSTGRESQL_REMOVE)}[vendor]
    install, remove = (
        tuple(text.format(table=table, name=name, is_there=is_there, what=what) for text in some) for some in texts
    )
    return Guard(frozenset(f"{name}_{suffix}" for suffix in SUFFIXES[vendor]), install, remove)


def _is_there(table: str, columns: str, when: str) -> str:
    """Whether a row has the new one's values in these columns, where `when` holds for both."""
    same = [f"{column} = NEW.{column}" for column in columns.split(", ")]
    row = f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join([*same, when] if when else same)})"  # noqa: S608
    return f"(NEW.{when} AND {row})" if when else row


def guards(connection: BaseDatabaseWrapper) -> dict[str, Guard]:
    """The guards of the tables that migrations have made so far."""
    names = {*connection.introspection.table_names(), "medialib_auditevent"}
    return {table: guard for table, guard in _guards(connection.vendor).items() if table in names}


def _names(connection: BaseDatabaseWrapper) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(SQLITE_NAMES if connection.vendor == "sqlite" else POSTGRESQL_NAMES)
        return {row[0] for row in cursor.fetchall()}


def _run(connection: BaseDatabaseWrapper, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
