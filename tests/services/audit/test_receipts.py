"""A job's receipt: checked by the stand-alone verifier, on a machine without the database."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from medialib.errors import Refused
from medialib.services.audit.seal import keys
from medialib.services.jobs import controls, receipts
from tests.services.audit.test_verify_export import SCRIPT, check
from tests.services.deletion.conftest import actor, job_for, quick
from tests.services.deletion.conftest import run as work

__all__ = ["actor", "check", "job_for", "quick"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receipt_of(run: Any, tmp_path: Path) -> Any:
    def write(job: Any) -> tuple[Path, Path]:
        done = run("jobreceipt", str(job.pk), "--output", str(tmp_path), "--json")
        assert done.code == 0, done.err
        return Path(done.json["receipt"]), Path(done.json["outcomes"])

    return write


@pytest.fixture
def done_job(job_for: Any, sandbox: Any) -> Any:
    """Three files, one of which was gone before."""
    job = job_for(3)
    sandbox.remove(min(sandbox.file_ids()))
    return work(job)


def test_a_receipt_verifies_where_there_is_no_database(done_job, receipt_of, tmp_path):
    away = tmp_path / "away"
    away.mkdir()
    for path in receipt_of(done_job):
        shutil.copy(path, away)
    key = keys.signing_key().public
    name = f"job-{done_job.pk}-receipt.json"
    command = [sys.executable, "-I", str(SCRIPT), name, "--public-key", key]
    done = subprocess.run(command, capture_output=True, text=True, cwd=away, env={})
    told = "3 files, those that were confirmed, each with its outcome."
    assert done.stdout == f"Receipt of job {done_job.pk}, whole, signed by {key}. {told}\n"


def test_it_says_who_asked_why_for_which_files_and_what_came_of_them(done_job, receipt_of):
    facts = json.loads(receipt_of(done_job)[0].read_text())["receipt"]
    assert (facts["requested_by"], facts["reason"], facts["manifest_sha256"]) == (
        "sam", "a test", done_job.manifest.sha256,
    )  # fmt: skip
    assert (facts["sums"]["deleted"], facts["sums"]["already_gone"], facts["files"]) == (2, 1, 3)
    assert [json.loads(proof["event"])["event"] for proof in facts["proofs"]] == [
        "job.confirmed", "job.started", "job.finished",
    ]  # fmt: skip
    assert all(call["request_id"] for call in facts["calls"])


CHANGES = {
    "the reason": lambda entry: entry["receipt"].update(reason="spring cleaning"),
    "the sums": lambda entry: entry["receipt"]["sums"].update(deleted=3, already_gone=0),
    "a proof": lambda entry: entry["receipt"]["proofs"].pop(),
    "a position": lambda entry: entry["receipt"]["proofs"][0].update(position=1),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("is_signed_anew", [False, True])
def test_a_changed_receipt_is_found_even_when_it_is_signed_anew(done_job, receipt_of, check, change, is_signed_anew):
    path, _ = receipt_of(done_job)
    entry = json.loads(path.read_text())
    CHANGES[change](entry)
    if is_signed_anew:
        text = receipts.canonical(entry["receipt"])
        entry["signature"] = keys.signing_key().sign(text.encode())
    path.write_text(json.dumps(entry))
    assert check(path)[0] == 1


def test_a_changed_file_of_outcomes_is_found(done_job, receipt_of, check):
    path, outcomes = receipt_of(done_job)
    outcomes.write_text(outcomes.read_text().replace("already_gone", "deleted"))
    code, said = check(path)
    assert (code, said[:33]) == (1, "Not whole. The file of outcomes j")


def test_without_its_outcomes_the_receipt_says_so(done_job, receipt_of, check):
    path, outcomes = receipt_of(done_job)
    outcomes.unlink()
    assert "Its file of outcomes is not here." in check(path)[1]


def test_a_job_that_was_undone_has_a_receipt_too(job_for, actor, receipt_of, check):
    job = job_for(2, start_after_s=600)
    controls.undo(job, actor=actor)
    path, _ = receipt_of(job)
    assert check(path)[0] == 0
    assert json.loads(path.read_text())["receipt"]["sums"]["cancelled"] == 2


def test_an_unfinished_job_has_none(job_for):
    with pytest.raises(Refused):
        receipts.receipt(job_for(1, start_after_s=600))


def test_unknown_jobs_and_folders_are_wrong_use(db, run, tmp_path):
    assert run("jobreceipt", "999").code == 2
