"""A world that changes under a job in any order: nothing goes that its current path, tag, version or a right forbids.

One example is one job over a few files. Files change before the list is frozen, behind the index, right before ImageKit
answers the look, between look and call where the index hears of it, and where nobody does, right before the call. Rules
and rights change before the job is claimed and after its look. What may go is said again here, in plain Python.
WORLD_RUNS says how many examples; `python -m tests.bench --only world` goes 10,000 times.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from medialib.models import Account, Asset, Item, ProtectionKind
from medialib.sandbox.server import Sandbox
from medialib.services.accounts import accounts, keys, protections
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.deletion import claims, runner
from medialib.services.jobs import approvals, controls
from medialib.services.manifests import freezing
from medialib.services.sync.indexing import index_file
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

FILES = 6
RUNS, SEED, REPORT, MINUTES = (os.environ.get(f"WORLD_{name}", "") for name in ("RUNS", "SEED", "REPORT", "MINUTES"))
UNTIL = time.monotonic() + 60 * float(MINUTES) if MINUTES else math.inf  # What is left then is not run and not counted.
TALLY: Counter[str] = Counter()
NUMBERS = itertools.count(1)
CHANGES = st.tuples(
    st.sampled_from(
        ["replace", "move", "quiet move", "rename", "quiet rename", "folder", "keep", "other", "ai", "field", "remove"]
    ),
    st.integers(0, FILES - 1),
)
RULES = st.one_of(
    st.tuples(st.just("hold"), st.integers(0, FILES - 1)),
    st.tuples(
        st.sampled_from(
            ["folder", "pattern", "tag", "large", "young", "field", "scope", "right", "member", "leaver", "approver"]
        ),
        st.just(0),
    ),
)
LONG_AGO = "2020-01-01T00:00:00.000Z"
Moves = list[tuple[str, int]]
OF_THE_WHOLE_JOB = {"right", "scope", "member", "leaver", "approver"}


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running
    if REPORT:
        Path(REPORT).write_text(json.dumps(TALLY))


@pytest.fixture(autouse=True)
def one_worker(quick: None, settings: Any) -> None:
    settings.IMAGEKIT_ALLOW_PRIVATE_API = True
    settings.IMAGEKIT_READ_TIMEOUT_S = 20.0  # A slow machine is no lost answer.
    settings.JOB_CONCURRENCY = 2


class Story:
    """One job, the changes around it, and what they forbid."""

    def __init__(self, world: Sandbox, *, is_approved: bool) -> None:
        self.world, self.folder = world, f"/w{next(NUMBERS)}"
        self.account: Account = accounts.add_account(
            name=self.folder[1:],
            url_endpoint=world.url_endpoint,
            private_key="private_sandbox",
            api_url=world.api_url,
        )
        self.kim = factories.user(permissions=("view_library", "delete_files", "delete_whole_library"), is_member=False)
        self.membership = factories.membership(self.kim, self.account)
        self.ada = factories.user(permissions=("view_library", "approve_deletions")) if is_approved else None
        self.account.approval_files = 1 if is_approved else None
        self.account.save()
        self.ids = world.add_files(
            {
                "path": f"{self.folder}/a/{n}.jpg",
                "size": 1000,
                "created_at": None if n % 2 else LONG_AGO,
            }
            for n in range(FILES)
        )
        self.young = set(self.ids[1::2])
        self.below = f"{self.folder}/a"
        self.sync()
        # Changed since the list was frozen; in the window that no look sees; and what is so by now.
        self.changed: set[str] = set()
        self.unseen: set[str] = set()
        self.gone: set[str] = set()
        self.moved: set[str] = set()
        self.renamed: set[str] = set()
        self.tagged: set[str] = set()
        self.large: set[str] = set()
        self.field: set[str] = set()
        self.rules: set[tuple[str, int]] = set()

    def sync(self) -> None:
        """The index hears of everything that is so now, as by an event or a sync."""
        with keys.client_for(self.account) as client, transaction.atomic():
            for file in client.find_files(self.ids).files.values():
                index_file(self.account, file, was_seen=True)

    def know(self, changes: Moves) -> None:
        """Changes that the index knows before the list is frozen: only what they forbid stays of them."""
        self.change_all(changes)
        self.sync()
        self.account.assets.filter(file_id__in=self.gone).delete()
        self.changed.clear()

    def change(self, what: str, number: int, *, is_unseen: bool = False) -> None:
        """Somebody at ImageKit does this to a file, or to the folder that it lies in."""
        file_id = self.ids[number]
        if file_id in self.gone:
            return
        if what == "remove":
            self.world.remove(file_id)
            self.gone.add(file_id)
            return
        touched = self._do(what, file_id)
        (self.unseen if is_unseen else self.changed).update(touched - self.gone)

    def _do(self, what: str, file_id: str) -> set[str]:
        stamp = not what.startswith("quiet")
        if what == "folder":
            there = set(self.ids) - self.moved - self.gone
            if there:  # ImageKit forgets a folder without files.
                self.below = self.world.rename_folder(self.below, f"dir-{next(NUMBERS)}")
            return there
        if what == "replace":
            self.world.replace(file_id, size=777_777)
            self.large.add(file_id)
        elif what.endswith("move") and file_id not in self.moved:
            self.world.move(file_id, f"{self.folder}/kept", stamp=stamp)
            self.moved.add(file_id)
        elif what.endswith(("rename", "move")):
            self.world.rename(file_id, f"renamed-{next(NUMBERS)}.jpg", stamp=stamp)
            self.renamed.add(file_id)
        elif what == "field":
            self.world.set_metadata(file_id, use="active")
            self.field.add(file_id)
        elif what == "ai":
            self.world.retag(file_id, ai_tags=["keep"])
            self.tagged.add(file_id)
        else:
            self.world.retag(file_id, tags=[what], ai_tags=[])
            (self.tagged.add if what == "keep" else self.tagged.discard)(file_id)
        return {file_id}

    def forbid(self, what: str, number: int) -> None:
        """Somebody with the right to do so adds a rule or takes a right away."""
        self.rules.add((what, number))
        match what:
            case "right":
                self.kim.user_permissions.clear()
            case "scope":
                self.membership.delete_paths = f"{self.folder}/elsewhere"
                self.membership.save()
            case "member":
                type(self.membership).objects.filter(user=self.kim).update(may_delete=False)
            case "leaver":
                type(self.kim).objects.filter(pk=self.kim.pk).update(is_active=False)
            case "approver":
                if self.ada:
                    self.ada.user_permissions.clear()
            case _:
                kind, value = self._rule(what, number)
                protections.add_rule(self.account, kind=kind, reason="needed", actor=SYSTEM, **value)

    def _rule(self, what: str, number: int) -> tuple[ProtectionKind, dict[str, Any]]:
        return {
            "hold": (ProtectionKind.FILES, {"file_ids": [self.ids[number]]}),
            "folder": (ProtectionKind.FOLDER, {"value": f"{self.folder}/kept"}),
            "pattern": (ProtectionKind.PATTERN, {"value": "renamed-*"}),
            "tag": (ProtectionKind.TAG, {"value": "keep"}),
            "large": (ProtectionKind.LARGER_THAN, {"value": "500kB"}),
            "young": (ProtectionKind.YOUNGER_THAN, {"value": "30d"}),
            "field": (ProtectionKind.METADATA, {"value": "use=active"}),
        }[what]

    @property
    def is_stopped(self) -> bool:
        """Whether a right that the whole job needs was taken away."""
        kinds = {what for what, _ in self.rules} & OF_THE_WHOLE_JOB
        return bool(kinds - {"approver"}) or (self.ada is not None and "approver" in kinds)

    def may_go(self) -> set[str]:
        """In plain Python: the files that nothing forbids to delete."""
        if self.is_stopped:
            return set()
        forbidden = {
            "folder": self.moved,
            "pattern": self.renamed,
            "tag": self.tagged,
            "large": self.large,
            "young": self.young,
            "field": self.field,
        }
        held = {self.ids[number] for what, number in self.rules if what == "hold"}
        ruled = set().union(*(forbidden.get(what, set()) for what, _ in self.rules))
        return set(self.ids) - self.changed - self.gone - held - ruled

    def run(
        self, *, behind: Moves, at_look: Moves, heard: Moves, at_call: Moves, rules: dict[int, Moves]
    ) -> dict[str, Item]:
        """Freeze what the index knows, confirm it, and let a worker run it; by file id what became of each."""
        actor = Actor.person(self.kim)
        rows = Asset.objects.live(self.account)
        manifest = freezing.freeze_assets(self.account, rows, source={"kind": "test"}, actor=actor)
        job = controls.open_deletion_job(manifest=manifest, actor=actor, reason="a world", start_after_s=0)
        if self.ada:
            approvals.approve(job, actor=Actor.person(self.ada), manifest_sha256=manifest.sha256)
        self.change_all(behind)
        self.world.before("list", lambda: self.change_all(at_look), match=self._is_mine)
        self.world.before("delete", lambda: self.change_all(at_call, is_unseen=True), match=self._is_mine)
        counted, real = itertools.count(1), claims.claim

        def claim(*arguments: Any, **options: Any) -> claims.Claims:
            number = next(counted)
            if number == 2 and heard:
                self.change_all(heard)
                self.sync()
            for each in rules.get(number, []):
                self.forbid(*each)
            return real(*arguments, **options)

        with mock.patch.object(claims, "claim", claim), mock.patch.object(runner, "STAY_FOR_S", 0.0):
            runner.run_to_end(job)  # Also where a slow machine lets a look get too old, and its batch wait.
        return {item.file_id: item for item in Item.objects.filter(manifest=manifest)}

    def change_all(self, moves: Moves, *, is_unseen: bool = False) -> None:
        for each in moves:
            self.change(*each, is_unseen=is_unseen)

    def _is_mine(self, call: Any) -> bool:
        """A job that is stopped leaves its hooks behind: they are not for the next one."""
        return any(file_id in call.file_ids or file_id in call.target for file_id in self.ids)


@given(
    is_approved=st.booleans(),
    known=st.lists(CHANGES, max_size=2),
    behind=st.lists(CHANGES, max_size=3),
    at_look=st.lists(CHANGES, max_size=3),
    heard=st.lists(CHANGES, max_size=2),
    at_call=st.lists(CHANGES, max_size=2),
    before=st.lists(RULES, max_size=2),
    after=st.lists(RULES, max_size=2),
)
@settings(max_examples=int(RUNS or 500), deadline=None, suppress_health_check=list(HealthCheck), derandomize=not SEED)
@seed(int(SEED or 0))
@pytest.mark.timeout(1800 + 2 * int(RUNS or 0))
def test_only_what_nothing_forbids_is_deleted_and_each_skip_names_its_cause(
    world, is_approved, known, behind, at_look, heard, at_call, before, after
):
    if time.monotonic() > UNTIL:
        return
    story = Story(world, is_approved=is_approved)
    story.know(known)
    items = story.run(behind=behind, at_look=at_look, heard=heard, at_call=at_call, rules={1: before, 2: after})
    there = world.file_ids()
    deleted = set(story.ids) - there - story.gone
    allowed = story.may_go()
    assert deleted <= allowed | (story.unseen - story.changed)
    assert deleted == {file_id for file_id, item in items.items() if item.outcome == "deleted"}
    for file_id, item in items.items():
        assert item.outcome != "already_gone" or file_id in story.gone
        assert item.outcome != "skipped" or (item.skip_cause and item.evidence)
        assert item.outcome != "failed"
    if not story.is_stopped:
        assert deleted >= story.may_go() - story.unseen
    unseen = deleted & story.unseen
    forbidden = deleted - allowed - unseen
    TALLY.update(runs=1, files=FILES, deleted=len(deleted), unseen=len(unseen), forbidden=len(forbidden))
    world.remove(*there.intersection(story.ids))  # The next one's world is as small.
