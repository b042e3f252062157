"""C1 to C9, the ways in which select-all went wrong elsewhere, each tried by page, by command and by service.

A cell of the table is an attempt. It says what may go (`may_go`, paths), and returns the sentences with which it was
refused; afterwards the sandbox must have lost exactly these files to calls, and the log must say so.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from medialib.errors import MedialibError
from medialib.models import Account, Asset, AuditEvent, DeletionJob, EventKind, Item, Manifest, SavedView, Selection
from medialib.models.query.filters import AssetFilter
from medialib.services.accounts import keys
from medialib.services.audit.log import Actor
from medialib.services.deletion import runner
from medialib.services.jobs import controls
from medialib.services.manifests import freezing
from medialib.services.selections import ticks
from medialib.services.sync import run as sync
from tests import dba, factories
from tests.commands.conftest import run  # noqa: F401  # A fixture.
from tests.views.pages import names, page, words

pytestmark = pytest.mark.django_db(transaction=True)
OLD = [f"/old/{number}.jpg" for number in range(8)]
OTHERS = ["/old/clip.mp4", "/brand/0.jpg", "/brand/logo.svg", "/new/0.jpg", "/new/1.jpg"]


class World:
    """A library of thirteen files, and a person who may delete, but not a whole library."""

    def __init__(self, sandbox: Any, account: Account, kim: User, client: Client, command: Any, folder: Path) -> None:
        self.sandbox, self.account, self.kim, self.client = sandbox, account, kim, client
        self._command, self._folder = command, folder
        added = sandbox.add_files(
            [{"path": path, "tags": ["sale"] if path == "/brand/0.jpg" else []} for path in [*OLD, *OTHERS]]
        )
        self.ids = dict(zip([*OLD, *OTHERS], added, strict=True))
        sync.run_sync(account)
        self.may_go: set[str] = set()

    @property
    def actor(self) -> Actor:
        return Actor.person(self.kim)

    @property
    def selection(self) -> Selection:
        return ticks.selection_of(self.kim, self.account)

    def rows(self, *paths: str) -> list[int]:
        return list(Asset.objects.filter(path__in=paths).values_list("pk", flat=True))

    # By page
    def change(self, action: str, **fields: Any) -> str:
        """What the page complains of; empty when it did it."""
        answer = self.client.post("/acme/selection/", {"action": action} | fields, headers={"HX-Request": "true"})
        return words(page(answer).select_one("[role=alert]")) if answer.status_code == 422 else ""

    def press(self, shown: int | None = None, selection: str = "") -> str:
        """Freeze by the button, with the number that stands beside it unless told otherwise; a complaint or nothing."""
        form = page(self.client.get("/acme/library/")).select_one('form[action="/acme/freeze/"]')
        fields = {field["name"]: field["value"] for field in form.select("input")} if form else {}
        if shown is not None:
            fields["file_count"] = str(shown)
        if selection:
            fields["selection"] = selection
        answer = self.client.post("/acme/freeze/", fields, follow=True)
        return words(page(answer).select_one(".messages"))

    def reviewed(self) -> str:
        return words(page(self.client.get(f"/manifests/{Manifest.objects.latest('frozen_at').pk}/")))

    def confirm(self) -> str:
        """Confirm the newest list on its page and run the job; a complaint or nothing."""
        frozen = Manifest.objects.latest("frozen_at")
        fields = {"reason": "Old", "understood": "on", "typed_count": str(frozen.file_count)}
        answer = self.client.post(f"/manifests/{frozen.pk}/confirm/", fields)
        if answer.status_code == 422:
            return words(page(answer).select_one("#confirm [role=alert]"))
        runner.run_to_end(DeletionJob.objects.get(manifest=frozen))
        return ""

    # By command
    def delete(self, lines: list[str], *options: str) -> str:
        """deletefiles with a list; a complaint or nothing."""
        path = self._folder / "list.txt"
        path.write_text("\n".join(lines), encoding="utf-8")
        order = ["acme", "--ids-file", str(path), "--reason", "Old", "--user", "kim", "--yes", "--wait"]
        done = self._command("deletefiles", *order, *options)
        return "" if done.code == 0 else done.err.strip().splitlines()[-1]

    def command(self, *order: str) -> str:
        done = self._command(*order)
        return "" if done.code == 0 else done.err.strip().splitlines()[-1]

    # By service
    def freeze(self, **options: Any) -> Manifest:
        return freezing.freeze(self.selection, actor=self.actor, **options)

    def start(self, manifest: Manifest) -> None:
        runner.run_to_end(controls.open_deletion_job(manifest=manifest, actor=self.actor, reason="Old"))

    def freeze_ids(self, ids: list[str]) -> Manifest:
        with keys.client_for(self.account) as client:
            return freezing.freeze_file_ids(self.account, ids, actor=self.actor, client=client).manifest


def refused(attempt: Callable[[], Any]) -> str:
    """With which sentence a service refuses; empty when it does not."""
    try:
        attempt()
    except MedialibError as error:
        return str(error)
    return ""


# C1: all of a collection was meant, and all of the site went.
def c1_page(world: World) -> list[str]:
    world.may_go = {*OLD, "/old/clip.mp4"}
    world.change("all", query="folder=/old")
    other_number = world.press(shown=13)
    world.press()
    assert "Delete 9 files on acme" in world.reviewed()
    world.confirm()
    return [other_number]


def c1_command(world: World) -> list[str]:
    return [world.delete([world.ids[path] for path in OLD], "--confirm-count", "13")]


def c1_service(world: World) -> list[str]:
    ticks.take_all_matching(world.selection, AssetFilter.from_query({"folder": "/old"}))
    return [refused(lambda: world.freeze(shown=13))]


# C2: a saved view or a filter that is not understood meant everything.
def c2_page(world: World) -> list[str]:
    SavedView.objects.create(account=world.account, owner=world.kim, name="old", filter={"made": "up"}, sort="x")
    assert not page(world.client.get("/acme/library/")).select(".view-row > a")
    assert world.client.get("/acme/library/?kind=painting").status_code == 400
    return [world.change("all", query=query) for query in ("", "made=up", "kind=painting", "sort=name")]


def c2_command(world: World) -> list[str]:
    for stored in ({"made": "up"}, {}):
        SavedView.objects.all().delete()
        SavedView.objects.create(account=world.account, owner=world.kim, name="old", filter=stored, sort="x")
        said = world.command("protectfiles", "acme", "--view", "old", "--reason", "r", "--user", "kim")
        assert "no longer understood" in said
    return [said, world.delete([]), world.delete(["", " "])]


def c2_service(world: World) -> list[str]:
    unknown = refused(lambda: AssetFilter.from_json({"made": "up"}))
    return [unknown, refused(lambda: ticks.take_all_matching(world.selection, AssetFilter()))]


# C3: the dialog showed one number, and another one went.
def more_files(world: World) -> None:
    world.sandbox.add_files([{"path": f"/old/late-{number}.jpg"} for number in range(5)])
    sync.run_sync(world.account)


def c3_page(world: World) -> list[str]:
    world.may_go = {*OLD, "/old/clip.mp4"}
    world.change("all", query="folder=/old")
    world.press()
    more_files(world)
    assert "Delete 9 files on acme" in world.reviewed()
    assert len(names(world.client.get("/acme/library/?folder=/old"))) == 14
    world.confirm()
    assert DeletionJob.objects.get().deleted == 9
    return []


def c3_command(world: World) -> list[str]:
    lines = [world.ids[path] for path in OLD]
    assert not world.delete(lines, "--dry-run", "--confirm-count", "8")
    return [world.delete([*lines, world.ids["/new/0.jpg"]], "--confirm-count", "8")]


def c3_service(world: World) -> list[str]:
    ticks.tick(world.selection, world.rows(*OLD))
    frozen = world.freeze(shown=8)
    with dba.without_triggers():
        Manifest.objects.filter(pk=frozen.pk).update(file_count=3)
    return [refused(lambda: world.start(Manifest.objects.select_related("account").get(pk=frozen.pk)))]


# C4: "all" ignored the filter that was set.
FILTERS = {
    "kind=video": {"/old/clip.mp4"},
    "q=logo": {"/brand/logo.svg"},
    "folder=/new": {"/new/0.jpg", "/new/1.jpg"},
    "tag=sale": {"/brand/0.jpg"},
}


def c4_page(world: World) -> list[str]:
    world.may_go = set.union(*FILTERS.values())
    for query, meant in FILTERS.items():
        assert set(names(world.client.get(f"/acme/library/?{query}"))) == {Path(path).name for path in meant}
        world.change("clear")
        world.change("all", query=query)
        world.press()
        world.confirm()
    return []


def c4_command(world: World) -> list[str]:
    world.may_go = {"/old/0.jpg"}
    return [world.delete(["/old/0.jpg"]), world.delete(["*.jpg"]), world.delete(["/old/"])]


def c4_service(world: World) -> list[str]:
    for query, meant in FILTERS.items():
        ticks.clear(world.selection)
        ticks.take_all_matching(world.selection, AssetFilter.from_query(dict([query.split("=")])))
        assert set(Item.objects.filter(manifest=world.freeze()).values_list("path", flat=True)) == meant
    ticks.clear(world.selection)
    ticks.take_all_matching(world.selection, AssetFilter.from_query({"q": "nowhere"}))
    return [refused(world.freeze)]


# C5: others went than those that were shown, though as many.
def c5_page(world: World) -> list[str]:
    world.change("add", asset=world.rows(*OLD[:4]))
    world.press()
    world.change("remove", asset=world.rows(OLD[0]))
    world.change("add", asset=world.rows("/brand/0.jpg"))
    return [world.confirm()]


def c5_command(world: World) -> list[str]:
    world.may_go = {"/new/0.jpg"}  # And not /old/0.jpg or /brand/0.jpg, which have the same name.
    return [world.delete(["/new/0.jpg"]), world.delete(["0.jpg"])]


def c5_service(world: World) -> list[str]:
    ticks.tick(world.selection, world.rows(*OLD[:4]))
    frozen = world.freeze(shown=4)
    item = frozen.items.get(position=0)
    with dba.without_triggers():
        Item.objects.filter(pk=item.pk).update(file_id=world.ids["/brand/0.jpg"], path="/brand/0.jpg")
    return [refused(lambda: world.start(frozen)) or DeletionJob.objects.get().pause_cause]


# C6: the box in the head of the table took what was on no page.
def c6_page(world: World) -> list[str]:
    shown = world.rows(*OLD[:3])
    world.change("page", asset=shown, shown=",".join(map(str, shown)), query="folder=/old")
    assert set(world.selection.items.values_list("asset__path", flat=True)) == set(OLD[:3])
    world.may_go = set(OLD[:3])
    world.press()
    return [world.confirm()]


def c6_command(world: World) -> list[str]:
    world.may_go = set(OLD[:3])
    return [world.delete(OLD[:3], "--confirm-count", "3")]


def c6_service(world: World) -> list[str]:
    foreign = factories.asset(factories.account("other"))
    assert ticks.tick(world.selection, [*world.rows(*OLD[:3]), foreign.pk]) == 3
    world.may_go = set(OLD[:3])
    world.start(world.freeze(shown=3))
    return []


# C7: a word that stands for all.
def c7_page(world: World) -> list[str]:
    asked = [world.change(action, asset=word) for action in ("add", "page") for word in ("ALL", "*", "-1")]
    assert not world.selection.items.exists()
    return [*asked, world.press(shown=13, selection="ALL"), world.press(shown=0, selection=str(world.selection.pk))]


def c7_command(world: World) -> list[str]:
    return [world.delete([word]) for word in ("ALL", "*", "/", "/**", "all files")]


def c7_service(world: World) -> list[str]:
    return [refused(lambda word=word: world.freeze_ids([word])) for word in ("ALL", "*", "/")] + [refused(world.freeze)]


# C8: "all (6)" emptied the table.
def c8_page(world: World) -> list[str]:
    assert not world.change("", whole_account="acme")
    world.press()
    assert "Delete 13 files on acme" in world.reviewed()
    return [world.confirm()]


def c8_command(world: World) -> list[str]:
    return [world.delete(list(world.ids.values()))]


def c8_service(world: World) -> list[str]:
    return [refused(lambda: world.start(world.freeze_ids(list(world.ids.values()))))]


# C9: what was deliberately left unticked went with the rest.
def c9_page(world: World) -> list[str]:
    world.may_go = {*OLD[1:], "/old/clip.mp4"}
    world.change("all", query="folder=/old")
    world.press()
    world.change("remove", asset=world.rows(OLD[0]))
    stale = world.confirm()
    world.press()
    assert "1 file unticked by hand; not in this list and will stay" in world.reviewed()
    world.change("all", query="folder=/old")  # Taken again: what was left out by hand stays out.
    return [stale, world.confirm()]


def c9_command(world: World) -> list[str]:
    world.may_go = set(OLD[1:])
    said = world.command("protectfiles", "acme", "--pattern", OLD[0], "--reason", "left out", "--user", "kim")
    assert not said
    return [world.delete(OLD)]


def c9_service(world: World) -> list[str]:
    ticks.take_all_matching(world.selection, AssetFilter.from_query({"folder": "/old"}))
    frozen = world.freeze()
    ticks.untick(world.selection, world.rows(OLD[0]))
    return [refused(lambda: world.start(frozen))]


LAWS = [f"c{number}" for number in range(1, 10)]
WAYS = ("page", "command", "service")
TABLE: dict[str, Callable[[World], list[str]]] = {
    f"{law}_{way}": globals()[f"{law}_{way}"] for law in LAWS for way in WAYS
}
# What each refusal says, in order; "" is what was right and is done.
SAYS: dict[str, list[str]] = {
    "c1_page": ["You saw 13 selected files, and now there are 9"],
    "c1_command": ["holds 8 files, not 13"],
    "c1_service": ["You saw 13 selected files, and now there are 9"],
    "c2_page": ["No filter is set", "no filter named “made”", "The type is one of", "No filter is set"],
    "c2_command": ["no longer understood", "holds no file ids", "holds no file ids"],
    "c2_service": ["made", "No filter is set"],
    "c3_page": [],
    "c3_command": ["holds 9 files, not 8"],
    "c3_service": ["do not add up"],
    "c4_page": [],
    "c4_command": ["", "names no file", "names no file"],
    "c4_service": ["nothing to freeze"],
    "c5_page": ["1 added, 1 taken out"],
    "c5_command": ["", "names no file"],
    "c5_service": ["is not the one that was confirmed"],
    "c6_page": [""],
    "c6_command": [""],
    "c6_service": [],
    "c7_page": [*["not named by their numbers"] * 6, "it is not yours", "nothing to freeze"],
    "c7_command": ["None of the ids (1) exists", *["names no file"] * 4],
    "c7_service": ["exists in", "cannot be a file id", "cannot be a file id", "nothing to freeze"],
    "c8_page": ["lacks the right to delete a whole library"],
    "c8_command": ["lacks the right to delete a whole library"],
    "c8_service": ["lacks the right to delete a whole library"],
    "c9_page": ["0 added, 1 taken out", ""],
    "c9_command": [""],
    "c9_service": ["0 added, 1 taken out"],
}


@pytest.fixture
def world(settings, sandbox, sandbox_account, signed_in, run, tmp_path) -> World:  # noqa: F811
    settings.IMAGEKIT_START_RATE = settings.IMAGEKIT_LOOK_RATE = 10_000
    kim = factories.user("kim", permissions=("view_library", "delete_files"))
    return World(sandbox, sandbox_account, kim, signed_in(kim), run, tmp_path)


def test_the_table_has_no_empty_cell() -> None:
    assert set(SAYS) == set(TABLE) == {f"{law}_{way}" for law in LAWS for way in WAYS}


@pytest.mark.parametrize("cell", TABLE)
def test_no_law_is_broken_by_any_way(world: World, cell: str) -> None:
    said = TABLE[cell](world)
    told = [part in text if part else not text for part, text in zip(SAYS[cell], said, strict=True)]
    assert all(told), said
    paths = {file_id: path for path, file_id in world.ids.items()}
    assert {paths[gone.file_id] for gone in world.sandbox.deleted_by_calls()} == world.may_go
    settled = AuditEvent.objects.filter(event=EventKind.FILE_SETTLED, outcome="deleted")
    assert sorted(settled.values_list("file_path", flat=True)) == sorted(world.may_go)
    assert all(SAYS[cell]) or world.may_go, "Neither refused nor done: this cell proves nothing."
