"""Triggers that refuse to change or remove audit events and their seals, for all alike: the ORM, the admin or raw SQL.

SQLite drops a table's triggers when a later migration rebuilds it, so a post_migrate receiver puts them back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Table: how its triggers' names begin, its key, and what it holds.
TABLES = {
    "medialib_auditevent": ("audit", "id", "audit events"),
    "medialib_auditsegment": ("audit_segment", "number", "audit segments"),
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
    # REPLACE removes the row it replaces without telling the trigger above.
    """
    CREATE TRIGGER IF NOT EXISTS {name}_refuses_replace BEFORE INSERT ON {table}
    WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})
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
    WHERE tgenabled = 'A' AND relname IN ('medialib_auditevent', 'medialib_auditsegment')
    AND pg_table_is_visible(pg_class.oid)
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers on the tables that exist; does nothing where they are in place."""
    statements = {"sqlite": SQLITE_INSTALL, "postgresql": POSTGRESQL_INSTALL}[connection.vendor]
    if not is_installed(connection):
        _run(connection, statements, _existing(connection))


def remove(connection: BaseDatabaseWrapper, tables: Iterable[str] = TABLES) -> None:
    """Take them away: for the reverse migration, for pruning, and for tests that empty their own database."""
    _run(connection, {"sqlite": SQLITE_REMOVE, "postgresql": POSTGRESQL_REMOVE}[connection.vendor], tables)


def is_installed(connection: BaseDatabaseWrapper) -> bool:
    """Whether every trigger is there and, on PostgreSQL, always enabled."""
    prefixes = [TABLES[table][0] for table in _existing(connection)]
    names = {f"{prefix}_{suffix}" for prefix in prefixes for suffix in SUFFIXES[connection.vendor]}
    with connection.cursor() as cursor:
        cursor.execute(SQLITE_NAMES if connection.vendor == "sqlite" else POSTGRESQL_NAMES)
        return {row[0] for row in cursor.fetchall()} >= names


def _existing(connection: BaseDatabaseWrapper) -> list[str]:
    """The tables that migrations have made so far."""
    names = set(connection.introspection.table_names())
    return [table for table in TABLES if table in names or table == "medialib_auditevent"]


def _run(connection: BaseDatabaseWrapper, statements: tuple[str, ...], tables: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            name, key, what = TABLES[table]
            for statement in statements:
                cursor.execute(statement.format(table=table, name=name, key=key, what=what))
