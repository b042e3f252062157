"""Six hundred files of which twenty are no longer as they were, and a worker that is killed at any point in between.

The command goes the same way in tests/commands/test_deletefiles.py.
"""

from __future__ import annotations

import json

import pytest

from medialib.models import AuditEvent, EventKind, ProtectionKind, SkipCause
from medialib.services.accounts import keys, protections
from medialib.services.audit import export
from medialib.services.audit.log import SYSTEM
from medialib.services.deletion import claims, looking, runner, settling
from medialib.services.sync.run import run_sync
from tests.services.deletion.conftest import outcomes
from tests.services.deletion.test_crashes import finish_after_death, kill_at

pytestmark = pytest.mark.django_db(transaction=True)
REPLACED, MOVED, TAGGED, REMOVED = (range(100 * n, 100 * n + 5) for n in range(4))  # Each in a batch of its own.


@pytest.mark.parametrize(
    "point",
    [
        (claims, "claim"),
        (looking, "perform_look"),
        (runner, "perform"),
        (settling, "settle_some"),
        (settling, "settle_unsent"),
    ],
    ids=lambda point: point[1],
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", [1, 3])
def test_a_worker_killed_at_any_point_of_look_and_call_changes_no_number_and_no_cause(
    sandbox, sandbox_account, job_for, monkeypatch, point, after, nth
):
    ids = sorted(sandbox.add_files([{"path": f"/old/{n:03}.jpg", "size": 1000} for n in range(600)]))
    with keys.client_for(sandbox_account) as client:
        run_sync(sandbox_account, client=client)
    for kind, value in ((ProtectionKind.FOLDER, "/brand"), (ProtectionKind.TAG, "keep")):
        protections.add_rule(sandbox_account, kind=kind, value=value, reason="the brand book", actor=SYSTEM)
    job = job_for(ids)
    for n in REPLACED:
        sandbox.replace(ids[n], size=777_777)
    for n in MOVED:
        sandbox.move(ids[n], "/brand/2026")
    for n in TAGGED:
        sandbox.retag(ids[n], tags=["keep"])
    for n in REMOVED:
        sandbox.remove(ids[n])
    monkeypatch.setattr(settling, "MOST_TOGETHER", 1)  # Else all answers may be settled together, and none fourth.
    kill_at(monkeypatch, *point, after=after, nth=nth)
    finish_after_death(job, sandbox)
    assert (job.deleted, job.skipped, job.already_gone) == (580, 15, 5)
    skipped = {ids[n] for span in (REPLACED, MOVED, TAGGED) for n in span}
    assert sandbox.file_ids() == skipped
    assert {file_id for file_id, outcome in outcomes(job).items() if outcome == "skipped"} == skipped
    exported = "".join(export.stream_jsonl(AuditEvent.objects.filter(event=EventKind.FILE_SETTLED)))
    told = {event["file_id"]: event["evidence"] for event in map(json.loads, exported.splitlines())}
    assert all("→ 777,777" in told[ids[n]] for n in REPLACED)
    assert all("the brand book" in told[ids[n]] and "folder" in told[ids[n]] for n in MOVED)
    assert all("the brand book" in told[ids[n]] and "keep" in told[ids[n]] for n in TAGGED)
    causes = dict(job.manifest.items.filter(outcome="skipped").values_list("file_id", "skip_cause"))
    assert {causes[ids[n]] for n in REPLACED} == {SkipCause.CHANGED}
    assert {causes[ids[n]] for n in (*MOVED, *TAGGED)} == {SkipCause.PROTECTED}
