"""Rows of a finished job that are edited by somebody who may drop triggers: nothing of it is certified any more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from medialib.models import Account, DeletionJob, Exchange
from medialib.services.audit.seal import sealing
from medialib.services.jobs import agreement, receipts
from medialib.services.jobs.agreement import OutcomesContradicted
from tests import dba
from tests.commands.conftest import run
from tests.services.audit.conftest import own_data_dir
from tests.services.deletion.conftest import actor, job_for, quick
from tests.services.deletion.conftest import run as work

__all__ = ["actor", "job_for", "own_data_dir", "quick", "run"]
pytestmark = pytest.mark.django_db(transaction=True)
ITEM, JOB, EXCHANGE = "medialib_item", "medialib_deletionjob", "medialib_exchange"
GONE = "outcome = 'already_gone'"
LIST = "medialib_manifest"
NAMES, CALLS = "its names, times or bytes are not those of its end", "its calls are not those of its end"
CALL = ", ".join(field.column for field in Exchange._meta.concrete_fields if field.column != "id")
ACCOUNT = ", ".join(field.column for field in Account._meta.concrete_fields)
ANOTHER = ", ".join({"id": "777", "name": "'another'"}.get(column, column) for column in ACCOUNT.split(", "))
ONE_DELETED = f"id = (SELECT MIN(id) FROM {ITEM} WHERE outcome = 'deleted')"

# What is done, and what is said of it.
ATTEMPTS = {
    "an outcome": (
        [f"UPDATE {ITEM} SET outcome = 'deleted' WHERE {GONE}"],
        (
            "deleted: the job counts 2, its list holds 3; deleted: the list holds 3, the log 2; "
            "deleted: 1 file is not as the log says; already gone: the job counts 1, its list holds 0; "
            "already gone: the list holds 0, the log 1."
        ),
    ),
    "an outcome and the counts": (
        [
            f"UPDATE {ITEM} SET outcome = 'deleted' WHERE {GONE}",
            f"UPDATE {JOB} SET deleted = 3, already_gone = 0",
        ],
        (
            "deleted: the list holds 3, the log 2; deleted: 1 file is not as the log says; "
            "already gone: the list holds 0, the log 1."
        ),
    ),
    "the counts alone": (
        [f"UPDATE {JOB} SET deleted = 3, already_gone = 0"],
        "deleted: the job counts 3, its list holds 2; already gone: the job counts 0, its list holds 1.",
    ),
    "two outcomes for each other": (
        [
            f"UPDATE {ITEM} SET outcome = 'failed' WHERE {ONE_DELETED}",
            f"UPDATE {ITEM} SET outcome = 'deleted' WHERE {GONE}",
            f"UPDATE {ITEM} SET outcome = 'already_gone' WHERE outcome = 'failed'",
        ],
        "deleted: 1 file is not as the log says; already gone: 1 file is not as the log says.",
    ),
    "the evidence": ([f"UPDATE {ITEM} SET evidence = 'x' WHERE outcome = 'deleted'"], "deleted: 2 files are not"),
    "the answer": ([f"UPDATE {ITEM} SET http_status = 207 WHERE {GONE}"], "already gone: 1 file is not"),
    "no answer": ([f"UPDATE {ITEM} SET http_status = NULL WHERE {ONE_DELETED}"], "deleted: 1 file is not"),
    "the time": ([f"UPDATE {ITEM} SET settled_at = '2020-01-01 00:00:00+00:00'"], "deleted: 2 files are not"),
    "the path": ([f"UPDATE {ITEM} SET path = '/brand/logo.png' WHERE {GONE}"], "already gone: 1 file is not"),
    "the size": ([f"UPDATE {ITEM} SET size_bytes = 7 WHERE {GONE}"], "already gone: 1 file is not"),
    "the file": ([f"UPDATE {ITEM} SET file_id = 'another' WHERE {GONE}"], "already gone: 1 file is not"),
    "ImageKit's request": ([f"UPDATE {EXCHANGE} SET request_id = 'made-up'"], "deleted: 2 files are not"),
    "a file less": (
        [f"DELETE FROM {ITEM} WHERE {GONE}", f"UPDATE {JOB} SET already_gone = 0, file_count = 2"],
        "already gone: the list holds 0, the log 1; its names",
    ),
    "nobody knows": (
        [
            f"UPDATE {ITEM} SET outcome = 'unverified' WHERE {GONE}",
            f"UPDATE {JOB} SET already_gone = 0, unverified = 1",
        ],
        "already gone: the list holds 0, the log 1.",
    ),
    "who asked": ([f"UPDATE {JOB} SET requested_by_name = 'eve'"], "requested by: the job says eve, the log sam"),
    "why": ([f"UPDATE {JOB} SET reason = 'another'"], "the reason is not the one that was confirmed"),
    "when it was confirmed": ([f"UPDATE {JOB} SET created_at = started_at"], NAMES),
    "when it ended": ([f"UPDATE {JOB} SET finished_at = started_at"], NAMES),
    "the bytes": ([f"UPDATE {JOB} SET deleted_bytes = 7"], NAMES),
    "an approval": ([f"UPDATE {JOB} SET approved_by_name = 'the boss'"], NAMES),
    "who froze the list": ([f"UPDATE {LIST} SET frozen_by_name = 'eve'"], NAMES),
    "the bytes of the list": ([f"UPDATE {LIST} SET total_bytes = 7"], NAMES),
    "where the list came from": ([f"""UPDATE {LIST} SET source = '{{"kind":"ticks","account":"another"}}'"""], NAMES),
    "when a file was changed": ([f"UPDATE {ITEM} SET file_updated_at = settled_at"], "its list is not that of its end"),
    "another account": (
        [
            f"INSERT INTO medialib_account ({ACCOUNT}) SELECT {ANOTHER} FROM medialib_account",
            f"UPDATE {JOB} SET account_id = 777",
        ],
        "the account is not the one that was confirmed",
    ),
    "what was answered": ([f"UPDATE {EXCHANGE} SET http_status = 500"], CALLS),
    "when it was asked": ([f"UPDATE {EXCHANGE} SET sent_at = answered_at"], CALLS),
    "how many were asked for": ([f"UPDATE {EXCHANGE} SET file_count = 99"], CALLS),
    "what it meant": ([f"UPDATE {EXCHANGE} SET result = 'all is well'"], CALLS),
    "a call less": ([f"UPDATE {ITEM} SET exchange_id = NULL", f"DELETE FROM {EXCHANGE}"], CALLS),
    "a call more": ([f"INSERT INTO {EXCHANGE} ({CALL}) SELECT {CALL} FROM {EXCHANGE}"], CALLS),
    "why a file was skipped": ([f"UPDATE {ITEM} SET skip_cause = 'protected' WHERE {GONE}"], CALLS),
    "a purge that was none": (
        [
            f"""INSERT INTO medialib_purgerequest (job_id, account_id, url, state, request_id, error)
            SELECT id, account_id, 'https://ik.imagekit.io/acme/a.png', 'completed', 'made-up', '' FROM {JOB}"""
        ],
        "its purges are not those that the log knows of",
    ),
    "another job of that number, as if the log had been pruned": (
        [
            f"UPDATE {ITEM} SET outcome = 'deleted' WHERE {GONE}",
            f"UPDATE {JOB} SET deleted = 3, already_gone = 0",
            "DELETE FROM medialib_auditevent",
            """INSERT INTO medialib_auditevent (time, event, actor_name, address, request_id, account_name, file_id,
            file_path, outcome, evidence, reason, detail) SELECT created_at, 'audit.pruned', '', '', '', '', '', '', '',
            '', '', '{"first_segment":1,"last_segment":9}' FROM medialib_deletionjob""",
        ],
        "the list holds 3, the log 0",
    ),
    "the log itself": (["DELETE FROM medialib_auditevent WHERE outcome = 'already_gone'"], "the log 0"),
    "the whole of the log": (["DELETE FROM medialib_auditevent"], "the list holds 2, the log 0"),
}


@pytest.fixture
def done_job(job_for: Any, sandbox: Any) -> DeletionJob:
    """Two files deleted, one gone before."""
    job = job_for(3)
    sandbox.remove(min(sandbox.file_ids()))
    return work(job)


def edit(*statements: str) -> None:
    with dba.without_triggers(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_job_that_the_log_contradicts_is_not_certified(done_job: DeletionJob, attempt: str) -> None:
    statements, said = ATTEMPTS[attempt]
    edit(*statements)
    done_job.refresh_from_db()
    with pytest.raises(OutcomesContradicted) as caught:
        agreement.refuse_contradicted(done_job)
    assert said in str(caught.value)


def test_page_downloads_and_command_refuse_and_name_the_count(done_job, signed_in, staff, run, tmp_path):
    edit(*ATTEMPTS["an outcome and the counts"][0])
    told = "deleted: the list holds 3, the log 2"
    client = signed_in(staff)
    for name in ("job-receipt", "job-receipt-json", "job-outcomes"):
        answer = client.get(reverse(f"medialib:{name}", args=[done_job.pk]))
        assert answer.status_code == 409
        assert told in answer.content.decode()
        assert "Outcome of each file" not in answer.content.decode()
    done = run("jobreceipt", str(done_job.pk), "--output", str(tmp_path))
    assert (done.code, told in done.err) == (1, True)
    assert list(Path(tmp_path).glob("*.json*")) == []


def test_an_untouched_job_is_certified(done_job):
    assert json.loads(receipts.receipt(done_job).text)["receipt"]["sums"]["deleted"] == 2
    assert [tally.logged for tally in agreement.tallies(done_job)] == [2, 1, 0, 0, 0, None]


def test_it_costs_the_same_statements_for_many_files(done_job, job_for, django_assert_num_queries):
    many = work(job_for(250))
    for job in (done_job, many):
        with django_assert_num_queries(15):
            agreement.refuse_contradicted(job)


def test_the_verifier_names_the_job_whose_rows_the_log_contradicts(done_job, run, monkeypatch):
    monkeypatch.setattr(agreement, "SETTLING_S", 0)
    sealing.seal_all()
    assert run("verifyaudit").code == 0
    edit(f"UPDATE {JOB} SET finished_at = started_at")
    done = run("verifyaudit")
    assert (done.code, f"show of job {done_job.pk}: {NAMES}. Believe the log" in done.err) == (1, True)


def test_a_job_that_nobody_confirmed_is_told(done_job, job_for):
    waiting = job_for(1)
    of_job = f"event = 'job.confirmed' AND job_id = {waiting.pk}"
    edit(f"UPDATE medialib_auditevent SET event = 'job.resumed' WHERE {of_job}")
    assert agreement.contradictions(waiting) == ["nobody confirmed it"]


def test_a_job_that_is_gone_is_told(job_for):
    waiting = job_for(1)
    assert agreement.first_contradicted() is None
    edit(f"DELETE FROM {JOB} WHERE id = {waiting.pk}")
    assert agreement.first_contradicted() == (waiting.pk, ["the database does not have it"])
