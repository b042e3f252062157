"""The audit log: it only grows, and it can be taken out whole."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.apps import apps
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.models import ProtectedError
from django.utils.timezone import now

from medialib.models import Account, AuditEvent, EventKind
from medialib.models.audit import append_only
from medialib.models.audit.events import AppendOnly
from medialib.services.accounts import groups
from medialib.services.audit import export, log
from medialib.services.audit.log import Actor
from tests import factories
from tests.audit_rows import job_of

pytestmark = pytest.mark.django_db

CHANGES = [
    "UPDATE medialib_auditevent SET reason = 'another'",
    "UPDATE medialib_auditevent SET id = id + 1000",
    "DELETE FROM medialib_auditevent",
    "DELETE FROM medialib_auditevent WHERE event = 'job.speed'",
]
# REPLACE is SQLite's way to overwrite, TRUNCATE PostgreSQL's way to empty.
VENDORS_OWN = {
    "sqlite": [
        "INSERT OR REPLACE INTO medialib_auditevent SELECT * FROM medialib_auditevent",
        "UPDATE OR IGNORE medialib_auditevent SET reason = 'another'",
    ],
    "postgresql": [
        "TRUNCATE medialib_auditevent",
        "INSERT INTO medialib_auditevent SELECT * FROM medialib_auditevent ON CONFLICT (id) DO UPDATE SET reason = 'x'",
    ],
}


def record(**fields):
    return log.record(EventKind.JOB_SPEED, **{"reason": "as asked"} | fields)


def run_sql(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("statement", [*CHANGES, *VENDORS_OWN[connection.vendor]])
def test_raw_sql_can_neither_change_nor_remove_an_event(statement):
    event = record()
    with pytest.raises(IntegrityError, match="can only be added"):
        run_sql(statement)
    assert list(AuditEvent.objects.values_list("pk", "reason")) == [(event.pk, "as asked")]


def test_the_model_refuses_before_the_database_does():
    event = record()
    event.reason = "another"
    for attempt in (
        event.save,
        event.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(job=1),
    ):
        with pytest.raises(AppendOnly):
            attempt()


def test_an_event_cannot_be_put_over_another_one():
    event = record()
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent(pk=event.pk, time=event.time, event=EventKind.JOB_SPEED, reason="forged").save()


def test_adding_many_events_refuses_a_file_that_is_settled_already():
    settled = {"time": now(), "event": EventKind.FILE_SETTLED, "job_id": 1, "detail": {}}
    events = [AuditEvent(file_id=file_id, **settled) for file_id in ("a", "b", "a")]
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.bulk_create(events)
    assert not AuditEvent.objects.exists()


def test_a_rebuilt_table_has_its_triggers_again_after_migrations():
    append_only.remove(connection)
    assert not append_only.is_installed(connection)
    call_command("migrate", "medialib", verbosity=0)
    assert append_only.is_installed(connection)


@pytest.mark.django_db(transaction=True)
def test_sqlite_loses_the_triggers_with_an_altered_column_and_migrate_brings_them_back():
    field = AuditEvent._meta.get_field("actor_name")
    wider = models.CharField(max_length=160, blank=True)
    wider.set_attributes_from_name("actor_name")
    for before, after in ((field, wider), (wider, field)):
        with connection.schema_editor() as editor:
            editor.alter_field(AuditEvent, before, after)
    assert append_only.is_installed(connection) is (connection.vendor != "sqlite")
    call_command("migrate", verbosity=0)
    assert append_only.is_installed(connection)


@pytest.mark.django_db(transaction=True)
def test_the_migrations_can_be_reversed_and_applied_again():
    call_command("migrate", "medialib", "zero", verbosity=0)
    assert AuditEvent._meta.db_table not in connection.introspection.table_names()
    assert not Group.objects.filter(name="Viewer").exists()
    call_command("migrate", "medialib", verbosity=0)
    assert append_only.is_installed(connection)


@pytest.mark.parametrize(
    ("group", "permissions"),
    [
        ("Viewer", {"view_library"}),
        ("Deleter", {"view_library", "delete_files", "restore_files"}),
        ("Auditor", {"view_library", "view_audit"}),
        ("Approver", {"view_library", "view_audit", "approve_deletions"}),
        (
            "Key manager",
            {"view_library", "manage_keys", "destroy_copies"}
            | {f"{verb}_{model}" for verb in ("view", "add", "change") for model in ("account", "apikey")},
        ),
    ],
)
def test_a_ready_made_group_may_do_exactly_its_duty(group, permissions):
    found = Group.objects.get(name=group).permissions
    assert set(found.values_list("codename", flat=True)) == permissions


def test_the_groups_are_made_once_and_may_be_made_again_unharmed():
    groups.add_groups(apps, connection.alias)
    assert Group.objects.filter(name__in=groups.GROUPS).count() == 5


def test_history_outlives_the_person_and_the_account(account):
    kim = factories.user("kim")
    event = record(actor=Actor.person(kim), account=account)
    kim.delete()
    account.delete()
    event.refresh_from_db()
    assert (event.actor_name, event.account_name) == ("kim", account.name)


def test_an_account_with_jobs_cannot_vanish(account):
    job_of(account)
    with pytest.raises(ProtectedError):
        Account.objects.all().delete()


def test_signing_in_and_out_is_recorded_with_the_address(client):
    person = factories.user("kim")
    person.set_password("correct horse battery")
    person.save()
    client.login(username="kim", password="correct horse battery")
    client.logout()
    assert [(e.event, e.actor_name) for e in AuditEvent.objects.filter(event__contains=".signed").order_by("pk")] == [
        ("person.signed_in", "kim"),
        ("person.signed_out", "kim"),
    ]


def test_a_failed_sign_in_keeps_the_name_and_the_address_but_not_the_password(rf):
    request = rf.post("/sign-in/", REMOTE_ADDR="192.0.2.9")
    assert authenticate(request, username="kim\n\x07", password="a wrong guess") is None
    event = AuditEvent.objects.get()
    assert (event.event, event.actor_name, event.address) == ("person.sign_in_failed", "kim", "192.0.2.9")
    assert "a wrong guess" not in repr(AuditEvent.objects.values().get())


def jsonl(events):
    return [json.loads(line) for line in "".join(export.stream_jsonl(events)).splitlines()]


def csv_rows(events):
    return list(csv.DictReader(io.StringIO("".join(export.stream_csv(events)), newline="")))


def test_an_export_has_every_event_once_and_in_order(monkeypatch):
    monkeypatch.setattr(export, "CHUNK", 3)
    pks = [record().pk for _ in range(10)]
    for rows in (jsonl(AuditEvent.objects.all()), csv_rows(AuditEvent.objects.order_by("-time"))):
        assert [int(row["sequence"]) for row in rows] == pks


def test_exported_columns_are_those_that_other_programs_rely_on():
    record()
    promised = "sequence,time,actor,account,job,event,file_id,file_path,size_bytes,outcome,evidence,http_status,reason"
    assert list(jsonl(AuditEvent.objects.all())[0])[:13] == promised.split(",")
    assert list(csv_rows(AuditEvent.objects.all())[0])[:13] == promised.split(",")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_csv_disarms_formulas_and_json_lines_stay_exact(start):
    reason = f'{start}cmd|"/c calc"!A1'
    record(reason=reason)
    assert csv_rows(AuditEvent.objects.all())[0]["reason"] == f"'{reason}"
    assert jsonl(AuditEvent.objects.all())[0]["reason"] == reason


def test_commas_quotes_and_line_breaks_survive_both_formats():
    reason = 'two, "three"\r\nfour;ü\u2028'
    record(reason=reason)
    assert csv_rows(AuditEvent.objects.all())[0]["reason"] == reason
    lines = "".join(export.stream_jsonl(AuditEvent.objects.all())).split("\n")
    assert [json.loads(line)["reason"] for line in lines if line] == [reason]


def test_an_export_reads_in_chunks_by_key(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(export, "CHUNK", 4)
    for _ in range(8):
        record()
    with django_assert_num_queries(3):
        assert len(list(export.rows(AuditEvent.objects.all()))) == 8


def test_an_export_is_recorded_and_ends_before_its_own_event():
    last = record().pk
    events = export.prepare(AuditEvent.objects.all(), actor=log.SYSTEM, detail={"format": "csv"})
    record()
    assert [row["sequence"] for row in export.rows(events)] == [last]
    detail = AuditEvent.objects.get(event=EventKind.AUDIT_EXPORTED).detail
    assert detail == {"format": "csv", "up_to_sequence": last}
