"""What somebody put onto medialib's tables that is not medialib's.

A seal proves that nothing changed after it. A trigger of somebody else's, on whatever table, changes or swallows a row
before it is sealed, and a view or a policy shows one reader other rows than the next. So each of them is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction

from medialib.models.audit import append_only
from medialib.models.query import search
from medialib.models.sql import rows_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

ON_SQLITE = "SELECT type, name, lower(tbl_name), sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
MADE = re.compile(r"CREATE\s+(?:UNIQUE\s+|VIRTUAL\s+)?(\w+)\s", re.IGNORECASE)
# What lets a table swallow, make up or confuse values; Django writes none of it.
ODD_WORDS = re.compile(r"\b(COLLATE|GENERATED|AS|ON\s+CONFLICT|WITHOUT|REPLACE|IGNORE)\b", re.IGNORECASE)
TRIGGERS = """
    SELECT tgname, prosrc, pg_get_triggerdef(pg_trigger.oid, true) FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE NOT tgisinternal AND tgrelid = to_regclass(%s) ORDER BY tgname
"""
PATH = "SELECT pg_catalog.array_to_string(pg_catalog.current_schemas(true), ',')"
ON_OTHER_TABLES = """
    SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE NOT tgisinternal AND pg_table_is_visible(tgrelid) AND relname <> ALL(%s) ORDER BY 1, 2
"""
RULES = """
    SELECT rulename, relname FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class
    WHERE relkind = 'r' AND pg_table_is_visible(ev_class) AND relname = ANY(%s) ORDER BY 1, 2
"""
# A database has functions, operators and types of its own for those of its users who read other rows than are there:
# all that comes neither with PostgreSQL nor with an extension, nor is ours.
FOREIGN = """
    WITH places AS (
        SELECT oid FROM pg_namespace WHERE nspname NOT IN ('pg_catalog', 'information_schema')
        AND nspname NOT LIKE 'pg\\_toast%%' AND nspname NOT LIKE 'pg\\_temp%%'
    ), found AS (
        SELECT 'pg_proc'::regclass AS class, oid, 'the function ' || proname AS what FROM pg_proc
        WHERE pronamespace IN (SELECT oid FROM places) AND proname <> ALL(%s)
        UNION ALL SELECT 'pg_operator'::regclass, oid, 'the operator ' || oprname FROM pg_operator
        WHERE oprnamespace IN (SELECT oid FROM places)
        UNION ALL SELECT 'pg_collation'::regclass, oid, 'the collation ' || collname FROM pg_collation
        WHERE collnamespace IN (SELECT oid FROM places)
        UNION ALL SELECT 'pg_type'::regclass, oid, 'the type ' || typname FROM pg_type
        WHERE typnamespace IN (SELECT oid FROM places)
        AND (typtype IN ('d', 'e', 'r', 'm') OR typtype = 'b' AND typelem = 0)
        UNION ALL SELECT 'pg_cast'::regclass, oid, 'a cast to ' || casttarget::regtype FROM pg_cast WHERE oid >= 16384
        UNION ALL SELECT 'pg_class'::regclass, oid, 'another ' || relname || ' in ' || relnamespace::regnamespace
        FROM pg_class WHERE relname = ANY(%s) AND NOT pg_table_is_visible(oid)
    )
    SELECT what FROM found WHERE NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = found.class AND objid = found.oid AND deptype = 'e'
    ) ORDER BY 1
"""
# Ours call no function: not in defaults, which are constants, not in checks and not in indexes.
CALLING = """
    SELECT 'a default of ' || relname FROM pg_attrdef JOIN pg_class ON pg_class.oid = adrelid
    WHERE relname = ANY(%s) AND pg_table_is_visible(adrelid)
    AND pg_get_expr(adbin, adrelid) <> $$''::character varying$$
    UNION ALL SELECT 'the check ' || conname || ' on ' || relname FROM pg_constraint
    JOIN pg_class ON pg_class.oid = conrelid WHERE contype = 'c' AND relname = ANY(%s) AND pg_table_is_visible(conrelid)
    AND pg_get_constraintdef(pg_constraint.oid) ~ '\\w\\('
    UNION ALL SELECT 'the index ' || indexrelid::regclass FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relname = ANY(%s) AND pg_table_is_visible(indrelid) AND pg_get_indexdef(indexrelid) ~ '\\w\\('
    ORDER BY 1
"""
NOT_PLAIN = """
    SELECT relname FROM pg_class WHERE pg_table_is_visible(oid) AND relname = ANY(%s) AND (
        relkind <> 'r' OR relrowsecurity OR EXISTS (SELECT FROM pg_inherits WHERE inhparent = pg_class.oid)
    ) ORDER BY 1
"""
FUNCTION = re.compile(r"FUNCTION (\w+)\(\).*?\$\$(.*)\$\$", re.DOTALL)
STAND_IN = "medialib_stand_in"
MEND = "That is not medialib's: drop it, run “manage.py migrate”, and ask who made it."


def everywhere(connection: BaseDatabaseWrapper) -> list[str]:
    """Each in a few words: “the trigger late on medialib_auditevent”. Ours count when they are not as we made them."""
    find = _on_sqlite if connection.vendor == "sqlite" else _on_postgresql
    return list(find(connection))


def _on_sqlite(connection: BaseDatabaseWrapper) -> Iterator[str]:
    guards = append_only.guards(connection)
    ours = {_plain(text) for guard in guards.values() for text in guard.install}
    ours |= {_plain(text) for text in search.TRIGGERS.values()}
    tables = set(_tables(connection))
    for kind, name, table, text in rows_of(connection, ON_SQLITE):
        # SQLite goes by the text, whatever the word beside it says.
        made = MADE.match(text)
        if made is None or made[1].lower() != kind:
            yield f"{name}, which is not the {kind} that it says it is"
        elif kind == "trigger" and _plain(text) not in ours:
            yield f"the trigger {name} on {table}"
        elif kind == "view" and table in tables:
            yield f"the view {name}"
        elif kind in ("table", "index") and table in tables and (odd := ODD_WORDS.search(text)):
            yield f"{odd[1]} in the {kind} {name}"


def _plain(statement: str) -> str:
    return " ".join(statement.replace("IF NOT EXISTS ", "").split())


def _on_postgresql(connection: BaseDatabaseWrapper) -> Iterator[str]:
    (path,) = rows_of(connection, PATH)[0]
    if next(schema for schema in path.split(",") if not schema.startswith("pg_temp")) != "pg_catalog":
        yield "a search path that leads to functions of somebody else first"
    guards, tables = append_only.guards(connection), _tables(connection)
    odd = {table for (table,) in rows_of(connection, NOT_PLAIN, tables)}
    yield from (f"{table}, which is no plain table or has policies" for table in sorted(odd))
    yield from (f"the rule {name} on {table}" for name, table in rows_of(connection, RULES, tables))
    yield from (f"the trigger {name} on {table}" for name, table in rows_of(connection, ON_OTHER_TABLES, [*guards]))
    functions = [name for guard in guards.values() for text in guard.install for name, _ in FUNCTION.findall(text)]
    yield from (what for (what,) in rows_of(connection, FOREIGN, functions, tables))
    yield from (f"{what}, which calls something" for (what,) in rows_of(connection, CALLING, tables, tables, tables))
    for table, guard in guards.items():
        if table in odd:
            continue
        bodies = {body.strip() for text in guard.install for _, body in FUNCTION.findall(text)}
        there = rows_of(connection, TRIGGERS, table)
        if not there:  # Nor our functions, perhaps.
            continue
        try:
            ours = _as_the_database_says_it(connection, table, guard.install)
        except DatabaseError as error:
            yield f"something that keeps {table} from being looked at ({str(error).splitlines()[0]})"
            continue
        for name, body, definition in there:
            if body.strip() not in bodies or definition not in ours:
                yield f"the trigger {name} on {table}"


def _as_the_database_says_it(connection: BaseDatabaseWrapper, table: str, install: tuple[str, ...]) -> set[str]:
    """How it would write our triggers, made for that on an empty table that nobody else sees, and undone."""
    with transaction.atomic(using=connection.alias):
        mark = transaction.savepoint(using=connection.alias)
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE {STAND_IN} (LIKE {table})")
            for text in install:
                if text.strip().startswith("CREATE TRIGGER"):
                    cursor.execute(text.replace(f" ON {table}", f" ON {STAND_IN}", 1))
            said = {definition for _, _, definition in rows_of(connection, TRIGGERS, STAND_IN)}
        transaction.savepoint_rollback(mark, using=connection.alias)
    return {text.replace(f" ON {STAND_IN} ", f" ON {table} ", 1) for text in said}


def _tables(connection: BaseDatabaseWrapper) -> list[str]:
    """All of the project, those that migrations have not made yet too."""
    return connection.introspection.django_table_names(only_existing=False, include_views=True)
