"""Triggers that hold a frozen list to what was shown: its files, its hash, and an outcome once it is there.

What may change of a file is what becomes of it: from no outcome to one, and from `unverified` back to none when people
ask for another look-up. Nothing is added to a list that has its hash, and nothing is ever removed from one.
"""

from __future__ import annotations

from typing import NamedTuple

from medialib.models.outcomes import Outcome

MANIFEST, ITEM = "medialib_manifest", "medialib_item"
WHAT = "a frozen list cannot be changed"
FROZEN = {
    ITEM: ("id", "manifest_id", "position", "file_id", "path", "size_bytes", "file_updated_at", "version_name"),
    MANIFEST: (
        "id", "account_id", "frozen_by_name", "frozen_at", "sha256", "file_count", "total_bytes", "library_count",
        "source",
    ),
}  # fmt: skip
SETTLING = ("outcome", "evidence", "skip_cause", "http_status", "exchange_id", "settled_at")
OPEN_ENDED = ", ".join(f"'{outcome.value}'" for outcome in Outcome if not outcome.is_final)


class Guard(NamedTuple):
    """The triggers of one table: their names, and the statements that put them in place and take them away."""

    names: frozenset[str]
    install: tuple[str, ...]
    remove: tuple[str, ...]


def guards(vendor: str) -> dict[str, Guard]:
    """By table. `vendor` is the database's."""
    make = _on_sqlite if vendor == "sqlite" else _on_postgresql
    return {table: make(table) for table in (MANIFEST, ITEM)}


def _differs(columns: tuple[str, ...], differ: str) -> str:
    return "(" + " OR ".join(f"OLD.{column} {differ} NEW.{column}" for column in columns) + ")"


def _is_refused(table: str, differ: str) -> str:
    """When an update is. `differ` is how the database compares values that may be NULL."""
    frozen = _differs(FROZEN[table], differ)
    if table == ITEM:
        is_looked_up_again = f"OLD.outcome IN ({OPEN_ENDED}) AND NEW.outcome = ''"
        return f"{frozen} OR OLD.outcome <> '' AND {_differs(SETTLING, differ)} AND NOT ({is_looked_up_again})"
    # A person who is removed leaves the name behind.
    is_other_person = f"NEW.frozen_by_id IS NOT NULL AND OLD.frozen_by_id {differ} NEW.frozen_by_id"
    return f"OLD.sha256 <> '' AND ({frozen} OR {is_other_person})"


def _on_sqlite(table: str) -> Guard:
    name = table.removeprefix("medialib_")
    # REPLACE removes the row it replaces without telling the trigger on DELETE. Every table has a rowid as well.
    is_replaced = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id OR rowid = NEW.rowid)"  # noqa: S608
    is_added = f" OR (SELECT sha256 FROM {MANIFEST} WHERE id = NEW.manifest_id) <> ''"  # noqa: S608
    events = {
        "refuses_update": f"UPDATE ON {table} WHEN OLD.rowid <> NEW.rowid OR {_is_refused(table, 'IS NOT')}",
        "refuses_delete": f"DELETE ON {table}",
        "refuses_insert": f"INSERT ON {table} WHEN {is_replaced}{is_added if table == ITEM else ''}",
    }
    names = {f"{name}_{suffix}": when for suffix, when in events.items()}
    return Guard(
        frozenset(names),
        tuple(
            f"CREATE TRIGGER IF NOT EXISTS {trigger} BEFORE {when} BEGIN SELECT RAISE(ABORT, '{WHAT}'); END"
            for trigger, when in names.items()
        ),
        tuple(f"DROP TRIGGER IF EXISTS {trigger}" for trigger in names),
    )


def _on_postgresql(table: str) -> Guard:
    name = table.removeprefix("medialib_")
    refusal = f"RAISE EXCEPTION '{WHAT}' USING ERRCODE = 'integrity_constraint_violation';"
    functions = {"refuses_change": refusal}
    triggers = {
        "refuses_update": f"BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({_is_refused(table, 'IS DISTINCT FROM')}) "
        f"EXECUTE FUNCTION {name}_refuses_change()",
        "refuses_delete": f"BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT "
        f"EXECUTE FUNCTION {name}_refuses_change()",
    }
    if table == ITEM:
        # Once a statement, since a million files are frozen by one.
        functions["refuses_added"] = (
            "IF EXISTS (SELECT 1 FROM (SELECT DISTINCT manifest_id FROM added) AS lists "  # noqa: S608
            f"JOIN {MANIFEST} ON id = manifest_id WHERE sha256 <> '') THEN {refusal} END IF; RETURN NULL;"
        )
        triggers["refuses_insert"] = (
            f"AFTER INSERT ON {table} REFERENCING NEW TABLE AS added FOR EACH STATEMENT "
            f"EXECUTE FUNCTION {name}_refuses_added()"
        )
    drop = tuple(f"DROP TRIGGER IF EXISTS {name}_{suffix} ON {table}" for suffix in triggers)
    install = (
        *(_function(f"{name}_{suffix}", body) for suffix, body in functions.items()),
        *drop,
        *(f"CREATE TRIGGER {name}_{suffix} {when}" for suffix, when in triggers.items()),
        # Else a session that calls itself a replica would pass.
        *(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}_{suffix}" for suffix in triggers),
    )
    remove = (*drop, *(f"DROP FUNCTION IF EXISTS {name}_{suffix}()" for suffix in functions))
    return Guard(frozenset(f"{name}_{suffix}" for suffix in triggers), install, remove)


def _function(name: str, body: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
