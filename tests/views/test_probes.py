"""What monitoring is told: whether work can be done, and the numbers, which only it may read."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now
from prometheus_client.parser import text_string_to_metric_families

from medialib.models import Account, AuditCursor, AuditEvent, Batch, Pace, SyncRun
from medialib.services.audit import webhook
from medialib.services.audit.seal import copies, sealing
from medialib.services.jobs import vitals
from medialib.views import metrics
from tests import factories
from tests.views.jobs import job_rows

OPS = Path(django_settings.BASE_DIR) / "docs" / "ops"
TOKEN = "a-token-of-24-characters-or-more"
LOCAL = {"HTTP_HOST": "127.0.0.1:8000"}


def numbers(client: Client, **more: Any) -> dict[str, dict[tuple[str, ...], float]]:
    """Each sample's value by its name and the values of its labels, in the order of their names."""
    answer = client.get("/metrics", **LOCAL | more)
    assert answer.status_code == 200
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels[name] for name in sorted(sample.labels))] = (
                sample.value
            )
    return found


def readiness(client: Client) -> tuple[int, str]:
    answer = client.get("/readyz")
    return answer.status_code, answer.content.decode().strip()


def test_it_is_ready_with_a_database_its_migrations_and_a_worker(client: Client, db: None) -> None:
    job_rows.worker()
    assert readiness(client) == (200, "Ready.")


@pytest.mark.parametrize("silent_s", [None, 40])
def test_it_is_not_ready_without_a_worker(client: Client, db: None, silent_s: int | None) -> None:
    if silent_s:
        job_rows.worker(silent_s=silent_s)
    assert readiness(client) == (503, "Not ready: No worker was seen lately.")


def test_it_is_not_ready_before_a_migration_is_applied(client: Client, db: None) -> None:
    job_rows.worker()
    MigrationRecorder(connection).record_unapplied("medialib", "0003_groups")
    assert readiness(client) == (503, "Not ready: Migrations are not applied.")


def test_it_is_not_ready_without_its_database_and_does_not_say_which_one(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError('connection to server at "db.internal", user "medialib" failed')

    monkeypatch.setattr(vitals, "shared_now", refuse)
    assert readiness(client) == (503, "Not ready: The database does not answer.")


def test_probes_are_answered_over_plain_http(client: Client, db: None, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    job_rows.worker()
    assert [client.get(address, **LOCAL).status_code for address in ("/healthz", "/readyz", "/metrics")] == [200] * 3
    assert client.get("/", **LOCAL).status_code == 301


@pytest.mark.parametrize(
    ("request_meta", "status"),
    [
        (LOCAL, 200),
        ({"HTTP_HOST": "localhost"}, 200),
        ({"HTTP_HOST": "[::1]:8000", "REMOTE_ADDR": "::1"}, 200),
        (LOCAL | {"REMOTE_ADDR": "10.0.0.7"}, 401),
        (LOCAL | {"REMOTE_ADDR": ""}, 401),
        ({"HTTP_HOST": "media.example.com"}, 401),
        (LOCAL | {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 401),
        (LOCAL | {"HTTP_X_FORWARDED_PROTO": "https"}, 401),
        (LOCAL | {"HTTP_FORWARDED": "for=127.0.0.1"}, 401),
        (LOCAL | {"HTTP_VIA": "1.1 proxy"}, 401),
        (LOCAL | {"HTTP_AUTHORIZATION": "Bearer ", "REMOTE_ADDR": "10.0.0.7"}, 401),
    ],
)
def test_without_a_token_only_this_machine_reads_the_numbers(
    client: Client, db: None, settings: Any, request_meta: dict[str, str], status: int
) -> None:
    settings.ALLOWED_HOSTS = ["media.example.com", "127.0.0.1", "localhost", "[::1]"]
    factories.account("acme")
    answer = client.get("/metrics", **request_meta)
    assert (answer.status_code, b"acme" in answer.content) == (status, status == 200)


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Bearer {TOKEN}é", 401),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        ("", 401),
    ],
)
def test_with_a_token_nothing_else_opens_the_numbers(
    client: Client, db: None, settings: Any, authorization: str, status: int
) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", HTTP_AUTHORIZATION=authorization, **LOCAL).status_code == status


def test_a_signed_in_person_has_no_more_rights_to_the_numbers(staff_client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert staff_client.get("/metrics", **LOCAL)["WWW-Authenticate"].startswith("Bearer")


@pytest.fixture
def busy(account: Account, staff: User, settings: Any, tmp_path: Path) -> Account:
    """An account in the middle of things: a job that ended in each way, one that runs, one that the key stopped."""
    settings.AUDIT_WEBHOOK_URL = "https://siem.example/"
    settings.AUDIT_ANCHOR_FILE = tmp_path / "anchors.jsonl"
    settings.AUDIT_ANCHOR_COPY = "https://elsewhere.example/"
    outcomes = ["deleted", "deleted", "already_gone", "skipped", "failed", "cancelled", "unverified"]
    job_rows.finished(job_rows.manifest(account, staff, 7), outcomes)
    running = job_rows.job(
        job_rows.manifest(account, staff, 150), state="running", calls=4, refused_calls=3, deleted=100
    )
    for number, state in enumerate(("settled", "waiting")):
        Batch.objects.create(job=running, number=number, first_position=0, last_position=99, state=state)
    job_rows.job(job_rows.manifest(account, staff, 1), state="paused", pause_code="key_refused")
    job_rows.job(job_rows.manifest(account, staff, 1), needs_approval=True)
    job_rows.worker(silent_s=3)
    Pace.objects.create(
        account=account, kind="delete", limit=1, interval_ms=1000, blocked_until=now() + timedelta(seconds=60)
    )
    at = now()
    SyncRun.objects.create(account=account, state="complete", started_at=at - timedelta(seconds=600), finished_at=at)
    SyncRun.objects.create(account=account, state="failed", started_at=at, withheld=70)
    return account


def test_the_numbers_are_those_of_the_rows(client: Client, busy: Account) -> None:
    name, found = busy.name, numbers(client)
    assert {state: number for (_, state), number in found["medialib_jobs"].items()} == {
        "scheduled": 1, "running": 1, "paused": 1, "cancelling": 0, "finished": 1,
    }  # fmt: skip
    assert {key: number for key, number in found["medialib_jobs_paused"].items() if number} == {
        (name, "key_refused"): 1
    }
    assert {outcome: number for (_, outcome), number in found["medialib_files_settled_total"].items()} == {
        "deleted": 102, "already_gone": 1, "skipped": 1, "failed": 1, "cancelled": 1,
    }  # fmt: skip
    single = {key: found[f"medialib_{key}"] for key in ("files_unverified", "files_left", "calls_total")}
    assert single == {"files_unverified": {(name,): 1}, "files_left": {(name,): 52}, "calls_total": {(name,): 5}}
    assert found["medialib_calls_refused_total"] == {(name,): 3}
    assert (found["medialib_batches_open"], found["medialib_jobs_awaiting_approval"]) == ({(): 1}, {(): 1})
    assert 59 < found["medialib_account_wait_seconds"][name, "delete"] <= 60


def test_a_sync_tells_its_state_the_age_of_the_index_and_what_it_asks(client: Client, busy: Account) -> None:
    factories.account("unseen")
    found = numbers(client)
    assert [key for key, number in found["medialib_sync_state"].items() if number] == [(busy.name, "failed")]
    assert set(found["medialib_sync_age_seconds"]) == {(busy.name,)}
    assert 600 <= found["medialib_sync_age_seconds"][busy.name,] < 660
    assert found["medialib_sync_files_withheld"] == {(busy.name,): 70, ("unseen",): 0}


def test_workers_that_fell_silent_are_not_alive(client: Client, busy: Account) -> None:
    assert numbers(client)["medialib_workers_alive"] == {(): 1}
    vitals.Worker.objects.update(seen_at=now() - timedelta(seconds=31))
    found = numbers(client)
    assert found["medialib_workers_alive"] == {(): 0}
    assert 31 <= found["medialib_worker_heartbeat_age_seconds"][()] < 90


def test_events_count_as_unsealed_until_they_are_sealed(
    client: Client, busy: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    AuditCursor.objects.create(name=webhook.CURSOR, failures=4)
    events = [job_rows.event(file_id=f"f{number}") for number in range(3)]
    monkeypatch.setattr(metrics, "shared_now", lambda: now() + timedelta(minutes=5))
    before = numbers(client)
    assert before["medialib_audit_unsealed_events"][()] >= 3
    assert before["medialib_audit_unsealed_age_seconds"][()] >= 300
    sealing.seal_all()
    after = numbers(client)
    assert after["medialib_audit_unsealed_events"] == after["medialib_audit_unsealed_age_seconds"] == {(): 0}
    assert after["medialib_audit_segments_total"] == {(): 1}
    assert after["medialib_audit_unsent_events"] == {(): events[-1].pk}
    assert after["medialib_audit_send_failures"] == {(): 4}


def test_trouble_with_the_second_place_of_the_anchors_is_told_by_machine(
    client: Client, busy: Account, settings: Any
) -> None:
    AuditCursor.objects.create(name=f"{copies.CURSOR}web-1", failures=7)
    assert numbers(client)["medialib_audit_copy_failures"] == {("web-1",): 7}
    settings.AUDIT_ANCHOR_COPY = ""
    assert "medialib_audit_copy_failures" not in numbers(client)


def test_counts_are_asked_by_as_many_statements_for_many_accounts(client: Client, busy: Account, staff: User) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            numbers(client)
        return len(asked)

    few = statements()
    for _ in range(5):
        job_rows.job(job_rows.manifest(factories.account(), staff, 1))
    assert statements() == few <= 12


def test_no_statement_reads_through_files_items_batches_or_events(client: Client, busy: Account) -> None:
    """Jobs, accounts, workers and paces are few. The others grow without end, and are met at their ends only."""
    with CaptureQueriesContext(connection) as asked:
        numbers(client)
    statements = [one["sql"] for one in asked if "FROM" in one["sql"]]
    assert not re.findall(r"medialib_(?:asset|item|exchange|auditpath)\b", " ".join(statements))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        plans = [plan_of(cursor, one) for one in statements]
    ends = [" LIMIT 1" in one for one in statements]
    for table in ("medialib_batch", "medialib_auditevent", "medialib_auditsegment", "medialib_syncrun"):
        walks = rf"Seq Scan on {table}|TEMP B-TREE|SCAN {table}(?! USING)"
        assert [
            plan
            for plan, is_end in zip(plans, ends, strict=True)
            if table in plan and re.search(walks, plan.replace(f"SCAN {table}", "") if is_end else plan)
        ] == []
    assert any("batch_open" in plan for plan in plans)


def plan_of(cursor: Any, statement: str) -> str:
    cursor.execute(("EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN ") + statement)
    return "\n".join(str(row[-1]) for row in cursor.fetchall())


def named(text: str) -> set[str]:
    """Metrics that a text names. A trailing wildcard is no name."""
    return set(re.findall(r"\bmedialib_[a-z_]+[a-z]\b", text))


@pytest.fixture
def existing(client: Client, busy: Account) -> set[str]:
    AuditCursor.objects.create(name=webhook.CURSOR)
    AuditCursor.objects.create(name=f"{copies.CURSOR}web-1", failures=2)
    job_rows.event()
    sealing.seal_all()
    return set(numbers(client))


def test_each_metric_is_documented_and_each_documented_one_exists(existing: set[str]) -> None:
    assert named((OPS / "metrics.md").read_text(encoding="utf-8")) == existing
    assert AuditEvent.objects.exists()


def test_each_metric_of_an_alert_or_a_panel_exists(existing: set[str]) -> None:
    rules = yaml.safe_load((OPS / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    panels = json.loads((OPS / "grafana.json").read_text(encoding="utf-8"))["panels"]
    asked = [rule["expr"] for rule in rules] + [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(rules) >= 8
    assert all({"summary", "action"} <= set(rule["annotations"]) and rule["for"] for rule in rules)
    assert named(" ".join(asked)) - existing == set()
    told = " ".join(text for rule in rules for text in rule["annotations"].values())
    assert named(told) - existing == set()


@pytest.mark.parametrize("name", ["medialib_jobs", "medialib_jobs_paused", "medialib_sync_state"])
def test_labels_that_alerts_and_panels_compare_have_these_values(client: Client, busy: Account, name: str) -> None:
    values = {key[-1] for key in numbers(client)[name]}
    text = (OPS / "alerts.yml").read_text(encoding="utf-8") + (OPS / "grafana.json").read_text(encoding="utf-8")
    compared = re.findall(rf'{name}{{[^}}]*(?:state|cause)!?=\\?"([a-z_]+)', text)
    assert set(compared) <= values
