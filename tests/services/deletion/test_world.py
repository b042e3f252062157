"""A world that changes under a job in any order: nothing goes that its current path, tag, version or a right forbids.

One example is one job over a few files. Files change behind the index before the list is frozen, and right before
ImageKit answers the look; rules and rights change before the job is claimed and after its look. What may go is said
again here, in plain Python. WORLD_RUNS says how many examples.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialib.models import Account, Asset, Item, ProtectionKind
from medialib.sandbox.server import Sandbox
from medialib.services.accounts import accounts, keys, protections
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.deletion import claims, runner
from medialib.services.jobs import controls
from medialib.services.manifests import freezing
from medialib.services.sync.indexing import index_file
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

FILES = 6
RUNS = int(os.environ.get("WORLD_RUNS", "500"))
NUMBERS = itertools.count(1)
CHANGES = st.tuples(
    st.sampled_from(["replace", "move", "rename", "keep", "other", "remove"]), st.integers(0, FILES - 1)
)
RULES = st.one_of(
    st.tuples(st.just("hold"), st.integers(0, FILES - 1)),
    st.tuples(st.sampled_from(["folder", "tag", "large", "scope", "right"]), st.just(0)),
)


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(autouse=True)
def one_worker(quick: None, settings: Any) -> None:
    settings.IMAGEKIT_ALLOW_PRIVATE_API = True
    settings.JOB_CONCURRENCY = 2


class Story:
    """One job, the changes around it, and what they forbid."""

    def __init__(self, world: Sandbox) -> None:
        self.world, self.folder = world, f"/w{next(NUMBERS)}"
        self.account: Account = accounts.add_account(
            name=self.folder[1:],
            url_endpoint=world.url_endpoint,
            private_key="private_sandbox",
            api_url=world.api_url,
        )
        self.kim = factories.user(permissions=("view_library", "delete_files"), is_member=False)
        self.membership = factories.membership(self.kim, self.account)
        self.ids = world.add_files([{"path": f"{self.folder}/a/{n}.jpg", "size": 1000} for n in range(FILES)])
        self._see()
        self.changed: set[str] = set()
        self.gone: set[str] = set()
        self.moved: set[str] = set()
        self.tagged: set[str] = set()
        self.large: set[str] = set()
        self.rules: set[tuple[str, int]] = set()

    def _see(self) -> None:
        with keys.client_for(self.account) as client, transaction.atomic():
            for file in client.find_files(self.ids).files.values():
                index_file(self.account, file)

    def change(self, what: str, number: int) -> None:
        """Somebody at ImageKit does this to a file."""
        file_id = self.ids[number]
        if file_id in self.gone:
            return
        if what == "remove":
            self.world.remove(file_id)
            self.gone.add(file_id)
            return
        self.changed.add(file_id)
        if what == "replace":
            self.world.replace(file_id, size=777_777)
            self.large.add(file_id)
        elif what == "move" and file_id not in self.moved:
            self.world.move(file_id, f"{self.folder}/kept")
            self.moved.add(file_id)
        elif what in ("rename", "move"):
            self.world.rename(file_id, f"renamed-{next(NUMBERS)}.jpg")
        else:
            self.world.retag(file_id, tags=[what])
            (self.tagged.add if what == "keep" else self.tagged.discard)(file_id)

    def forbid(self, what: str, number: int) -> None:
        """Somebody with the right to do so adds a rule or takes a right away."""
        self.rules.add((what, number))
        if what == "right":
            self.kim.user_permissions.clear()
        elif what == "scope":
            self.membership.delete_paths = f"{self.folder}/elsewhere"
            self.membership.save()
        else:
            kind, value = {
                "hold": (ProtectionKind.FILES, {"file_ids": [self.ids[number]]}),
                "folder": (ProtectionKind.FOLDER, {"value": f"{self.folder}/kept"}),
                "tag": (ProtectionKind.TAG, {"value": "keep"}),
                "large": (ProtectionKind.LARGER_THAN, {"value": "500kB"}),
            }[what]
            protections.add_rule(self.account, kind=kind, reason="needed", actor=SYSTEM, **value)

    def may_go(self) -> set[str]:
        """In plain Python: the files that nothing forbids to delete."""
        kinds = {what for what, _ in self.rules}
        if kinds & {"right", "scope"}:
            return set()
        held = {self.ids[number] for what, number in self.rules if what == "hold"}
        ruled = (
            (self.moved if "folder" in kinds else set())
            | (self.tagged if "tag" in kinds else set())
            | (self.large if "large" in kinds else set())
        )
        return set(self.ids) - self.changed - self.gone - held - ruled

    def run(self, *, at_look: list[Any], at_claims: dict[int, list[Any]]) -> dict[str, Item]:
        """Freeze what the index knows, confirm it, and let a worker run it; by file id what became of each."""
        actor = Actor.person(self.kim)
        rows = Asset.objects.filter(account=self.account)
        manifest = freezing.freeze_assets(self.account, rows, source={"kind": "test"}, actor=actor)
        job = controls.open_deletion_job(manifest=manifest, actor=actor, reason="a world", start_after_s=0)
        self.world.before("list", lambda: [self.change(*each) for each in at_look])
        counted, real = itertools.count(1), claims.claim

        def claim(*arguments: Any, **options: Any) -> claims.Claims:
            for each in at_claims.get(next(counted), []):
                self.forbid(*each)
            return real(*arguments, **options)

        with mock.patch.object(claims, "claim", claim), mock.patch.object(runner, "STAY_FOR_S", 0.0):
            runner.run_deletion_job(job.pk)
        return {item.file_id: item for item in Item.objects.filter(manifest=manifest)}


@given(
    behind=st.lists(CHANGES, max_size=3),
    at_look=st.lists(CHANGES, max_size=3),
    before=st.lists(RULES, max_size=2),
    after=st.lists(RULES, max_size=2),
)
@settings(max_examples=RUNS, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@pytest.mark.timeout(1800)
def test_only_what_nothing_forbids_is_deleted_and_each_skip_names_its_cause(world, behind, at_look, before, after):
    story = Story(world)
    for each in behind:
        story.change(*each)
    items = story.run(at_look=at_look, at_claims={1: before, 2: after})
    there = world.file_ids()
    deleted = {file_id for file_id in story.ids if file_id not in there and file_id not in story.gone}
    assert deleted <= story.may_go()
    assert deleted == {file_id for file_id, item in items.items() if item.outcome == "deleted"}
    for file_id, item in items.items():
        assert item.outcome != "already_gone" or file_id in story.gone
        assert item.outcome != "skipped" or (item.skip_cause and item.evidence)
        assert item.outcome != "failed"
    if not {what for what, _ in story.rules} & {"right", "scope"}:
        assert deleted == story.may_go()
