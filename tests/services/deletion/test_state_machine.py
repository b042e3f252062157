"""Random interleavings of faults, deaths, controls and other people's deletions; the books always balance.

One Hypothesis example is one job. Steps happen between the short runs of workers that stop by themselves, so that a
run finds the job in every state that the steps can bring about.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from unittest import mock

import pytest
from django.test import override_settings
from django.utils.timezone import now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from medialib.errors import Refused
from medialib.models import Account, Batch, Item, JobState
from medialib.sandbox.server import Sandbox
from medialib.services.accounts import accounts, keys
from medialib.services.audit.log import SYSTEM
from medialib.services.deletion import claims, runner, settling, verdicts
from medialib.services.jobs import controls
from medialib.services.manifests import freezing
from tests.services.deletion.conftest import add_files, assert_exact
from tests.services.deletion.test_crashes import Killed

pytestmark = pytest.mark.django_db(transaction=True)

QUICK = {
    "IMAGEKIT_ALLOW_PRIVATE_API": True,
    "IMAGEKIT_START_RATE": 10_000,
    "IMAGEKIT_HEADROOM": 0,
    "IMAGEKIT_LOOK_RATE": 10_000,
    "IMAGEKIT_READ_TIMEOUT_S": 0.4,
    "JOB_CONCURRENCY": 3,
    "BREAKER_PERCENT": 100,
}
FAULTS = ["lost_after", "lost_before", "500_before", "500_after", "502_html", "truncated_200", "short_200", "429"]
POINTS = [(claims, "claim"), (settling, "settle_some")]


class JobMachine(RuleBasedStateMachine):
    """A job over 250 files, two workers' worth of trouble, and somebody else at work in the same library."""

    @initialize()
    def open_job(self) -> None:
        self.quick = override_settings(**QUICK)
        self.quick.enable()
        self.no_wait = mock.patch.multiple(verdicts, LOOK_AGAIN_S=0.01)
        self.no_wait.start()
        self.sandbox = Sandbox()
        self.sandbox.start()
        account = accounts.add_account(
            name=f"m-{Account.objects.count()}",
            url_endpoint=self.sandbox.url_endpoint,
            private_key="private_sandbox",
            api_url=self.sandbox.api_url,
        )
        self.others = set(add_files(self.sandbox, 20, folder="/keep"))
        self.mine = add_files(self.sandbox, 250)
        self.removed_by_others: set[str] = set()
        with keys.client_for(account) as client:
            manifest = freezing.freeze_file_ids(account, self.mine, actor=SYSTEM, client=client).manifest
        self.job = controls.open_deletion_job(manifest=manifest, actor=SYSTEM, reason="a machine", start_after_s=0)

    @rule(name=st.sampled_from(FAULTS), times=st.integers(1, 2))
    def trouble(self, name: str, times: int) -> None:
        self.sandbox.fault(name, times=times, **({"retry_after_ms": 50} if name == "429" else {}))

    @rule(start=st.integers(0, 249), count=st.integers(1, 120))
    def somebody_else_deletes(self, start: int, count: int) -> None:
        for file_id in self.mine[start : start + count]:
            if file_id in self.sandbox.file_ids():
                self.sandbox.remove(file_id)
                self.removed_by_others.add(file_id)

    @rule()
    def key_is_revoked_and_restored(self) -> None:
        self.sandbox.revoke_key()
        self._work()
        self.sandbox.restore_key()

    @rule()
    def worker_runs(self) -> None:
        self._work()

    @rule(point=st.sampled_from(POINTS), after=st.booleans(), nth=st.integers(1, 3))
    def worker_dies(self, point: tuple[object, str], after: bool, nth: int) -> None:
        with self._death_at(*point, after=after, nth=nth):
            self._work()
        Batch.objects.filter(lease_until__isnull=False).update(lease_until=now() - timedelta(seconds=1))

    @rule(action=st.sampled_from([controls.pause, controls.resume]))
    def control(self, action) -> None:
        with suppress(Refused):
            action(self.job, actor=SYSTEM)

    @rule()
    def cancel(self) -> None:
        """Not a precondition: how far the job is depends on threads, and what Hypothesis draws must not."""
        if self.job.deleted > 100:
            with suppress(Refused):
                controls.cancel(self.job, actor=SYSTEM)

    @rule()
    def verify(self) -> None:
        with suppress(Refused):
            controls.verify(self.job, actor=SYSTEM)

    def _work(self) -> None:
        Batch.objects.update(not_before=None)
        try:
            with mock.patch.object(runner, "STAY_FOR_S", 0.0):
                runner.run_deletion_job(self.job.pk)
        except Killed:
            pass
        self.job.refresh_from_db()

    @contextmanager
    def _death_at(self, module: object, name: str, *, after: bool, nth: int) -> Iterator[None]:
        real, calls = getattr(module, name), []

        def dying(*args: object, **kwargs: object) -> object:
            calls.append(1)
            if len(calls) < nth:
                return real(*args, **kwargs)
            if after:
                real(*args, **kwargs)
            raise Killed

        with mock.patch.object(module, name, dying):
            yield

    @invariant()
    def the_books_balance(self) -> None:
        if hasattr(self, "job"):
            assert_exact(self.job, self.sandbox)
            assert self.others <= self.sandbox.file_ids()
            assert self.sandbox.overlapping_deletes() == set()

    @invariant()
    def nobody_is_called_deleted_who_is_there_and_nobody_failed_who_is_gone(self) -> None:
        if hasattr(self, "job"):
            rows = dict(Item.objects.filter(manifest_id=self.job.manifest_id).values_list("file_id", "outcome"))
            there = self.sandbox.file_ids()
            assert not [
                file_id
                for file_id, outcome in rows.items()
                if outcome in ("deleted", "already_gone") and file_id in there
            ]

    def teardown(self) -> None:
        if not hasattr(self, "job"):
            return
        try:
            self.sandbox.clear_faults()
            for _ in range(20):
                self.job.refresh_from_db()
                if self.job.is_finished and not self.job.unverified:
                    break
                for action in (controls.resume, controls.verify):
                    with suppress(Refused):
                        action(self.job, actor=SYSTEM)
                self._work()
            self._final_account()
        finally:
            self.sandbox.stop()
            self.no_wait.stop()
            self.quick.disable()

    def _final_account(self) -> None:
        assert self.job.state == JobState.FINISHED, (self.job.state, self.job.pause_cause)
        assert_exact(self.job, self.sandbox)
        rows = dict(Item.objects.filter(manifest_id=self.job.manifest_id).values_list("file_id", "outcome"))
        by_us = {gone.file_id for gone in self.sandbox.deleted_by_calls()}
        said = {file_id for file_id, outcome in rows.items() if outcome == "deleted"}
        assert by_us <= said, "a deletion of ours was not called ours"
        # A file that somebody else removed around a lost answer cannot be told from one that the lost call took.
        assert said - by_us <= self.removed_by_others
        assert {
            file_id for file_id, outcome in rows.items() if outcome == "cancelled"
        } <= self.sandbox.file_ids() | self.removed_by_others


@pytest.mark.timeout(900)
def test_any_interleaving_leaves_exact_books() -> None:
    machine = settings(
        max_examples=12, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
    )
    run_state_machine_as_test(JobMachine, settings=machine)
