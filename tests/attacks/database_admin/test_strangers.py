"""Triggers, views and policies of the administrator's own: they change, swallow or hide rows, and no seal can tell."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.db import connection, transaction

from medialib.models.audit import append_only, strangers
from tests import dba
from tests.services.audit.conftest import own_data_dir, run, sealed

__all__ = ["own_data_dir", "run", "sealed"]
pytestmark = pytest.mark.django_db
EVENTS, ITEM = "medialib_auditevent", "medialib_item"
FUNCTION = "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
OTHER_ROWS = "SELECT * FROM hidden WHERE strftime('%H', 'now') <> '03' OR reason <> 'reason 5'"

CHANGE = (
    f"CREATE TRIGGER item_refuses_update BEFORE UPDATE ON {ITEM} FOR EACH ROW WHEN ({{when}}) "
    "EXECUTE FUNCTION item_refuses_change()"
)

ON_SQLITE = {
    "swallows the events of a person": [
        f"CREATE TRIGGER late BEFORE INSERT ON {EVENTS} WHEN NEW.actor_name = 'eve' BEGIN SELECT RAISE(IGNORE); END"
    ],
    "the same, spelt otherwise": [
        f"create trigger late before insert on {EVENTS.upper()} when NEW.reason = 'x' begin select raise(ignore); end"
    ],
    "a table beside the log, by which events go while our guards are away": [
        "DROP TRIGGER audit_refuses_delete",
        f"CREATE TRIGGER late AFTER UPDATE ON medialib_worker BEGIN DELETE FROM {EVENTS} WHERE reason = 'x'; END",
    ],
    "our own name, and nothing refused": [
        "DROP TRIGGER audit_refuses_update",
        f"CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON {EVENTS} BEGIN SELECT 1; END",
    ],
    "frozen lists open under our own name": [
        "DROP TRIGGER item_refuses_update",
        f"CREATE TRIGGER item_refuses_update BEFORE UPDATE ON {ITEM} WHEN OLD.path = '' BEGIN SELECT 1; END",
    ],
    "a view that counts other files": [
        "PRAGMA legacy_alter_table = ON",
        "ALTER TABLE medialib_auditday RENAME TO hidden",
        "CREATE VIEW medialib_auditday AS SELECT * FROM hidden WHERE actor_name <> 'eve'",
        "PRAGMA legacy_alter_table = OFF",
    ],
    "a view that hides a row but at night": [
        "PRAGMA legacy_alter_table = ON",
        f"ALTER TABLE {EVENTS} RENAME TO hidden",
        f"CREATE VIEW {EVENTS} AS {OTHER_ROWS}",
        "PRAGMA legacy_alter_table = OFF",
    ],
}
ON_POSTGRESQL = {
    "swallows the events of a person": [
        FUNCTION.format(name="late", body="IF NEW.actor_name = 'eve' THEN RETURN NULL; END IF; RETURN NEW;"),
        f"CREATE TRIGGER late BEFORE INSERT ON {EVENTS} FOR EACH ROW EXECUTE FUNCTION late()",
    ],
    "a table beside the log": [
        FUNCTION.format(name="late", body=f"DELETE FROM {EVENTS} WHERE reason = 'x'; RETURN NEW;"),
        "CREATE TRIGGER late AFTER UPDATE ON medialib_worker FOR EACH ROW EXECUTE FUNCTION late()",
    ],
    "a table that inherits, whose rows nothing guards": [f"CREATE TABLE late () INHERITS ({EVENTS})"],
    "a rule on the sums": ["CREATE RULE late AS ON UPDATE TO medialib_auditday DO INSTEAD NOTHING"],
    "our own name, and nothing refused": [FUNCTION.format(name="audit_refuses_change", body="RETURN NULL;")],
    "frozen lists open under our own name": [
        f"DROP TRIGGER item_refuses_update ON {ITEM}",
        CHANGE.format(when="OLD.path = ''"),
        f"ALTER TABLE {ITEM} ENABLE ALWAYS TRIGGER item_refuses_update",
    ],
    "a rule that throws events away": [f"CREATE RULE late AS ON INSERT TO {EVENTS} DO INSTEAD NOTHING"],
    "a policy that hides a row": [
        f"CREATE POLICY late ON {EVENTS} USING (reason <> 'reason 5')",
        f"ALTER TABLE {EVENTS} ENABLE ROW LEVEL SECURITY",
    ],
    "a function that tells the verifier other times than are there": [
        "CREATE SCHEMA late",
        "CREATE FUNCTION late.to_char(timestamp without time zone, text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$",
        "SET search_path = late, pg_catalog, public",
    ],
    "a view that hides a row from pages, which begin with the newest": [
        f"ALTER TABLE {EVENTS} RENAME TO hidden",
        f"CREATE VIEW {EVENTS} AS SELECT * FROM hidden WHERE current_query() NOT LIKE '%DESC%' OR reason <> 'x'",
    ],
}
ATTEMPTS = ON_SQLITE if connection.vendor == "sqlite" else ON_POSTGRESQL


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_is_not_ours_is_told(sealed, run, attempt):
    with transaction.atomic():
        dba.attempt(*ATTEMPTS[attempt])
        done = run("verifyaudit")
        assert (done.code, "ask who made it" in done.err) == (1, True)
        found = run_checks(include_deployment_checks=True, tags=["database"], databases=["default"])
        assert "medialib.E005" in {message.id for message in found}
        transaction.set_rollback(True)


def test_guards_that_are_gone_are_not_whole(sealed, run):
    with transaction.atomic():
        append_only.remove(connection)
        done = run("verifyaudit")
        assert (done.code, "triggers that refuse changes are missing" in done.err) == (1, True)
        append_only.install(connection)
    assert run("verifyaudit").code == 0


def test_ours_alone_are_no_strangers(sealed):
    assert strangers.everywhere(connection) == []
    append_only.remove(connection)
    append_only.install(connection)
    assert strangers.everywhere(connection) == []
