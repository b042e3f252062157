"""Triggers that refuse to change or remove audit events, whoever asks: the ORM, the admin or raw SQL.

SQLite drops a table's triggers when a later migration rebuilds it, so a post_migrate receiver puts them back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

NAMES = {
    "sqlite": ("audit_refuses_update", "audit_refuses_delete", "audit_refuses_replace"),
    "postgresql": ("audit_refuses_change",),
}

SQLITE_INSTALL = (
    """
    CREATE TRIGGER IF NOT EXISTS audit_refuses_update BEFORE UPDATE ON medialib_auditevent
    BEGIN SELECT RAISE(ABORT, 'audit events can only be added'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS audit_refuses_delete BEFORE DELETE ON medialib_auditevent
    BEGIN SELECT RAISE(ABORT, 'audit events can only be added'); END
    """,
    # REPLACE removes the row it replaces without telling the trigger above.
    """
    CREATE TRIGGER IF NOT EXISTS audit_refuses_replace BEFORE INSERT ON medialib_auditevent
    WHEN EXISTS (SELECT 1 FROM medialib_auditevent WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'audit events can only be added'); END
    """,
)
SQLITE_REMOVE = (
    "DROP TRIGGER IF EXISTS audit_refuses_update",
    "DROP TRIGGER IF EXISTS audit_refuses_delete",
    "DROP TRIGGER IF EXISTS audit_refuses_replace",
)
SQLITE_NAMES = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'medialib_auditevent'"

POSTGRESQL_INSTALL = (
    """
    CREATE OR REPLACE FUNCTION audit_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'audit events can only be added' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    "DROP TRIGGER IF EXISTS audit_refuses_change ON medialib_auditevent",
    """
    CREATE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON medialib_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses_change()
    """,
    # Else a session that calls itself a replica would pass.
    "ALTER TABLE medialib_auditevent ENABLE ALWAYS TRIGGER audit_refuses_change",
)
POSTGRESQL_REMOVE = (
    "DROP TRIGGER IF EXISTS audit_refuses_change ON medialib_auditevent",
    "DROP FUNCTION IF EXISTS audit_refuses_change()",
)
POSTGRESQL_NAMES = """
    SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass('medialib_auditevent') AND tgenabled = 'A'
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place; does nothing where they are."""
    if not is_installed(connection):
        _run(connection, {"sqlite": SQLITE_INSTALL, "postgresql": POSTGRESQL_INSTALL}[connection.vendor])


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take them away: for the reverse migration, and for tests that empty their own database."""
    _run(connection, {"sqlite": SQLITE_REMOVE, "postgresql": POSTGRESQL_REMOVE}[connection.vendor])


def is_installed(connection: BaseDatabaseWrapper) -> bool:
    """Whether every trigger is there and, on PostgreSQL, always enabled."""
    with connection.cursor() as cursor:
        cursor.execute(SQLITE_NAMES if connection.vendor == "sqlite" else POSTGRESQL_NAMES)
        return {row[0] for row in cursor.fetchall()} >= set(NAMES[connection.vendor])


def _run(connection: BaseDatabaseWrapper, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
