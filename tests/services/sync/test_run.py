"""run_sync against a local ImageKit: nothing is lost, nothing comes back from the dead, and failures change nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from medialib.errors import MedialibError, Refused
from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import RateLimited
from medialib.imagekit.types import FoundFiles, Listing, RemoteFile
from medialib.models import (
    Account,
    Asset,
    AuditEvent,
    EventKind,
    LibrarySummary,
    Removal,
    SyncKind,
    SyncRun,
    SyncState,
)
from medialib.models.query.filters import AssetFilter
from medialib.models.query.units import UNKNOWN_TIME
from medialib.services.audit.log import SYSTEM
from medialib.services.library import summary
from medialib.services.sync import indexing, removals
from medialib.services.sync import run as sync
from medialib.services.sync.removals import RemovalsWithheld
from tests import factories

if TYPE_CHECKING:
    from medialib.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


def live(account: Account) -> set[str]:
    return set(Asset.objects.live(account).values_list("file_id", flat=True))


def counts(run: SyncRun) -> tuple[int, int, int, int]:
    return run.seen, run.added, run.changed, run.removed


class Client(ImageKitClient):
    """Speaks to the sandbox; a test may do something before each look at the list, or make the server deaf."""

    is_deaf = False
    before_list: Callable[[], object] = staticmethod(lambda: None)
    before_find: Callable[[], object] = staticmethod(lambda: None)

    def list_files(self, **asked: Any) -> Listing:
        self.before_list()
        return super().list_files(**(asked | {"search_query": None} if self.is_deaf else asked))

    def find_files(self, file_ids: Any) -> FoundFiles:
        self.before_find()
        return super().find_files(file_ids)


@pytest.fixture
def client_(sandbox: Sandbox) -> Client:
    return Client("private_sandbox", api_url=sandbox.api_url, sleep=lambda seconds: None)


@pytest.fixture
def synced(sandbox: Sandbox, sandbox_account: Account) -> Account:
    """An account whose index holds three files."""
    for path in ("/a.jpg", "/b/c.mp4", "/d.pdf"):
        sandbox.add_file(path=path)
    sync.run_sync(sandbox_account)
    return sandbox_account


def test_a_first_sync_fills_the_index(sandbox: Sandbox, sandbox_account: Account) -> None:
    sandbox.add_file(
        file_id="x1", path="/site/hero.JPG", size=500, tags=["home"], created_at="2024-01-02T03:04:05.678Z"
    )
    run = sync.run_sync(sandbox_account)
    asset = Asset.objects.get()
    shown = (
        asset.file_id,
        asset.path,
        asset.folder,
        asset.name,
        asset.kind,
        asset.format,
        asset.size_bytes,
        asset.tags,
    )
    assert shown == ("x1", "/site/hero.JPG", "/site", "hero.JPG", "image", "jpg", 500, ["home"])
    assert asset.created_at.isoformat() == "2024-01-02T03:04:05.678000+00:00"
    assert (counts(run), run.state) == ((1, 1, 0, 0), SyncState.COMPLETE)
    assert SyncRun.objects.latest_complete(sandbox_account) == run


def test_a_second_sync_changes_nothing(synced: Account) -> None:
    before = list(Asset.objects.order_by("pk").values(*indexing.SHOWN))
    assert counts(sync.run_sync(synced)) == (3, 0, 0, 0)
    assert list(Asset.objects.order_by("pk").values(*indexing.SHOWN)) == before


def test_what_changed_is_updated_in_its_row(sandbox: Sandbox, synced: Account) -> None:
    row = Asset.objects.get(path="/a.jpg")
    Asset.objects.filter(pk=row.pk).update(size_bytes=1, tags=["old"])
    assert counts(sync.run_sync(synced)) == (3, 0, 1, 0)
    changed = Asset.objects.get(pk=row.pk)
    assert (changed.size_bytes, changed.tags) == (row.size_bytes, row.tags)


def test_what_is_gone_is_marked_and_kept(sandbox: Sandbox, synced: Account) -> None:
    gone = Asset.objects.get(path="/a.jpg")
    sandbox.remove(gone.file_id)
    assert counts(sync.run_sync(synced)) == (2, 0, 0, 1)
    gone.refresh_from_db()
    assert (gone.removal, live(synced)) == (Removal.MISSING, sandbox.file_ids())


def test_a_file_that_comes_back_is_listed_again_in_its_own_row(sandbox: Sandbox, synced: Account) -> None:
    row = Asset.objects.get(path="/a.jpg")
    Asset.objects.filter(pk=row.pk).update(removed_at=now() - timedelta(days=1), removal=Removal.MISSING)
    run = sync.run_sync(synced)
    assert (*counts(run), run.came_back) == (3, 0, 0, 0, 1)
    assert live(synced) == sandbox.file_ids()
    assert Asset.objects.live(synced).filter(pk=row.pk).exists()


def test_an_empty_list_empties_no_library(sandbox: Sandbox, synced: Account) -> None:
    before = live(synced)
    sandbox.remove(*sandbox.file_ids())
    with pytest.raises(RemovalsWithheld, match="listed no file at all, where 3 were known"):
        sync.run_sync(synced)
    assert live(synced) == before
    assert SyncRun.objects.all()[0].asks_about == 3


def test_an_emptied_library_is_emptied_here_too_when_that_is_accepted(sandbox: Sandbox, synced: Account) -> None:
    sandbox.remove(*sandbox.file_ids())
    assert sync.run_sync(synced, accept_removals=True).removed == 3
    assert live(synced) == set()
    assert AuditEvent.objects.get(event=EventKind.REMOVALS_ACCEPTED).detail["files"] == 3


@pytest.fixture
def hundreds(sandbox: Sandbox, sandbox_account: Account) -> Account:
    """An account whose index holds 300 files."""
    sandbox.add_files({"path": f"/h/{number:03}.jpg"} for number in range(300))
    sync.run_sync(sandbox_account)
    return sandbox_account


def lose(sandbox: Sandbox, count: int) -> None:
    sandbox.remove(*sorted(sandbox.file_ids())[:count])


def test_a_fifth_of_a_library_may_go_unasked_and_no_more(sandbox: Sandbox, hundreds: Account) -> None:
    lose(sandbox, 60)
    assert sync.run_sync(hundreds).removed == 60
    lose(sandbox, 50)  # More than a fifth of 240, and few.
    assert sync.run_sync(hundreds).removed == 50
    lose(sandbox, 51)
    with pytest.raises(RemovalsWithheld, match="no longer lists 51 of 190 files, more than 20 %"):
        sync.run_sync(hundreds)
    assert len(live(hundreds)) == 190


def test_what_was_accepted_is_marked_and_not_a_file_more(sandbox: Sandbox, hundreds: Account) -> None:
    lose(sandbox, 100)
    with pytest.raises(RemovalsWithheld):
        sync.run_sync(hundreds)
    with pytest.raises(Refused):
        removals.accept(hundreds, file_count=99, actor=SYSTEM)
    removals.accept(hundreds, file_count=100, actor=SYSTEM)
    with pytest.raises(Refused):  # Pressed twice, or by two people.
        removals.accept(hundreds, file_count=100, actor=SYSTEM)
    assert AuditEvent.objects.filter(event=EventKind.REMOVALS_ACCEPTED).count() == 1
    lose(sandbox, 1)
    with pytest.raises(RemovalsWithheld):
        sync.run_sync(hundreds)
    removals.accept(hundreds, file_count=101, actor=SYSTEM)
    assert sync.run_sync(hundreds).removed == 101


def test_a_search_that_finds_not_even_what_was_just_listed_takes_no_file_for_gone(
    sandbox: Sandbox, hundreds: Account, client_: Client, monkeypatch: Any
) -> None:
    """A share below the fifth, behind a proxy that cuts the list short and answers searches with nothing."""
    before = live(hundreds)
    hidden = set(sorted(before)[:40])
    listing = Client.list_files

    def cut(self: Client, **asked: Any) -> Listing:
        page = listing(self, **asked)
        files = () if " id IN " in (asked.get("search_query") or "") else page.files
        files = tuple(file for file in files if file.file_id not in hidden)
        return Listing(files, len(files))

    monkeypatch.setattr(Client, "list_files", cut)
    with pytest.raises(MedialibError, match="does not find a file that its list shows"):
        sync.run_sync(hundreds, client=client_)
    assert live(hundreds) == before


def test_an_acceptance_of_yesterday_counts_no_more(sandbox: Sandbox, hundreds: Account) -> None:
    lose(sandbox, 100)
    with pytest.raises(RemovalsWithheld):
        sync.run_sync(hundreds)
    removals.accept(hundreds, file_count=100, actor=SYSTEM)
    SyncRun.objects.update(accepted_at=now() - timedelta(days=1))
    with pytest.raises(RemovalsWithheld):
        sync.run_sync(hundreds)


def test_a_server_that_caps_its_pages_gives_all_files(
    sandbox: Sandbox, sandbox_account: Account, client_: Client
) -> None:
    class Capped(Client):
        def list_files(self, **asked: Any) -> Listing:
            return super().list_files(**(asked | {"limit": min(500, asked.get("limit", 500))}))

    sandbox.add_files({"created_at": f"2024-01-01T00:{n // 60:02}:{n % 60:02}Z"} for n in range(2300))
    run = sync.run_sync(sandbox_account, client=Capped("private_sandbox", api_url=sandbox.api_url))
    assert (run.seen, live(sandbox_account)) == (2300, sandbox.file_ids())
    run = sync.run_sync(sandbox_account, client=Capped("private_sandbox", api_url=sandbox.api_url))
    assert counts(run) == (2300, 0, 0, 0)


def test_the_sentence_of_a_sync_names_the_time_to_try_again(
    sandbox: Sandbox, synced: Account, client_: Client, monkeypatch: Any
) -> None:
    def asks_to_wait(*_: Any, **__: Any) -> Any:
        raise RateLimited("ImageKit asks to wait, for 3,600 seconds.", retry_after_s=3600)

    monkeypatch.setattr(Client, "list_files", asks_to_wait)
    with pytest.raises(MedialibError, match=r"Try again after \d\d:\d\d:\d\d\.$"):
        sync.run_sync(synced, client=client_)


def test_a_file_without_a_readable_time_has_none(sandbox: Sandbox, synced: Account) -> None:
    row = Asset.objects.get(path="/a.jpg")
    file = RemoteFile.from_json({"fileId": row.file_id, "filePath": "/a.jpg", "createdAt": "Fri, 27 Nov 2026 09:00:00"})
    assert file
    indexing.index_file(synced, file, was_seen=True)
    row.refresh_from_db()
    assert (row.created_at, row.updated_at) == (UNKNOWN_TIME, UNKNOWN_TIME)


def test_a_deaf_run_that_is_taken_up_asks_no_questions_about_what_it_has_not_seen(
    sandbox: Sandbox, synced: Account, client_: Client, monkeypatch: Any
) -> None:
    """All is listed and the program ends: the next one must not take a deaf server's search for proof."""
    hidden = Asset.objects.get(path="/a.jpg")
    client_.is_deaf = True
    SyncRun.objects.create(
        account=synced, state=SyncState.FAILED, started_at=now(), heartbeat_at=now(), seen=2,
        place={"last_pk": hidden.pk + 10, "left": [], "is_deaf": True},
    )  # fmt: skip
    monkeypatch.setattr(Client, "find_files", lambda self, ids: FoundFiles({}))
    assert sync.run_sync(synced, client=client_).removed == 0
    assert live(synced) == sandbox.file_ids()


@pytest.mark.parametrize("is_deaf", [False, True])
def test_thousands_of_files_of_one_upload_are_all_found(
    sandbox: Sandbox, sandbox_account: Account, client_: Client, is_deaf: bool
) -> None:
    sandbox.add_files({"created_at": "2024-01-01T00:00:00.500Z"} for _ in range(1500))
    sandbox.add_files({"created_at": "2024-01-01T00:00:01Z"} for _ in range(1500))
    client_.is_deaf = is_deaf
    run = sync.run_sync(sandbox_account, client=client_)
    assert counts(run) == (3000, 3000, 0, 0)
    assert live(sandbox_account) == sandbox.file_ids()


def test_a_page_is_written_in_a_few_statements(
    sandbox: Sandbox, sandbox_account: Account, django_assert_max_num_queries: Any
) -> None:
    sandbox.add_files({} for _ in range(1000))
    sync.run_sync(sandbox_account)
    with django_assert_max_num_queries(80):
        sync.run_sync(sandbox_account)


def test_files_deleted_while_it_pages_hide_none_of_the_others(
    sandbox: Sandbox, sandbox_account: Account, client_: Client
) -> None:
    sandbox.add_files({"created_at": "2024-01-01T00:00:00Z"} for _ in range(2500))
    sync.run_sync(sandbox_account)
    victims = iter(sorted(sandbox.file_ids())[:900])
    client_.before_list = lambda: sandbox.remove(*islice(victims, 150))
    sync.run_sync(sandbox_account, client=client_)
    assert live(sandbox_account) >= sandbox.file_ids()
    sync.run_sync(sandbox_account, accept_removals=True)
    assert live(sandbox_account) == sandbox.file_ids()


def test_a_file_that_the_list_only_missed_is_kept(synced: Account, client_: Client, monkeypatch: Any) -> None:
    real = ImageKitClient.list_files

    def without_the_first(self: Any, **asked: Any) -> Listing:
        page = real(self, **asked)
        is_look_up = "id IN" in (asked.get("search_query") or "")
        return page if is_look_up else Listing(page.files[1:], page.row_count)

    monkeypatch.setattr(ImageKitClient, "list_files", without_the_first)
    before = live(synced)
    assert counts(sync.run_sync(synced, client=client_)) == (3, 0, 0, 0)
    assert live(synced) == before


def test_a_file_that_comes_into_the_index_meanwhile_is_not_gone(synced: Account, client_: Client) -> None:
    client_.before_list = lambda: Asset.objects.filter(file_id="new").exists() or factories.asset(synced, file_id="new")
    assert sync.run_sync(synced, client=client_).removed == 0
    assert "new" in live(synced)


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(minutes=59)])
def test_a_list_does_not_bring_back_what_a_job_has_just_deleted(
    synced: Account, client_: Client, ago: timedelta
) -> None:
    deleted = Asset.objects.filter(path="/a.jpg")
    client_.before_list = lambda: deleted.update(removed_at=now() - ago, removal=Removal.DELETED)
    sync.run_sync(synced, client=client_)
    assert deleted.get().removal == Removal.DELETED


def test_what_a_job_deleted_long_ago_and_is_listed_is_there(sandbox: Sandbox, synced: Account) -> None:
    Asset.objects.filter(path="/a.jpg").update(removed_at=now() - timedelta(hours=2), removal=Removal.DELETED)
    sync.run_sync(synced)
    assert live(synced) == sandbox.file_ids()


def test_a_job_that_deletes_an_unseen_file_first_keeps_its_word(
    sandbox: Sandbox, synced: Account, client_: Client
) -> None:
    deleted = Asset.objects.filter(path="/a.jpg")
    sandbox.remove(deleted.get().file_id)
    client_.before_find = lambda: deleted.update(removed_at=now(), removal=Removal.DELETED)
    assert sync.run_sync(synced, client=client_).removed == 0
    assert deleted.get().removal == Removal.DELETED


FAULTS = ["500_before", "502_html", "lost_before", "cut_body", "html_200", "truncated_200", "429_bare", "malformed_400"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", [1, 2])
def test_after_an_incomplete_list_nothing_is_gone(
    sandbox: Sandbox, synced: Account, client_: Client, fault: str, call: int
) -> None:
    sandbox.remove(*sorted(sandbox.file_ids())[1:])
    before = live(synced)
    after = len(sandbox.calls()) + call
    sandbox.fault(fault, times=9, on="list", match=lambda made: made.number >= after)
    with pytest.raises(MedialibError, match="^The sync of “acme” stopped") as failure:
        sync.run_sync(synced, client=client_)
    run = SyncRun.objects.latest("pk")
    assert (live(synced), run.state, run.error) == (before, SyncState.FAILED, str(failure.value))
    assert str(failure.value).count("\n") == 0


def test_a_key_that_imagekit_refuses_ends_it_in_one_sentence(sandbox: Sandbox, synced: Account) -> None:
    sandbox.revoke_key()
    with pytest.raises(MedialibError) as failure:
        sync.run_sync(synced)
    assert "private_sandbox" not in str(failure.value)
    assert SyncRun.objects.latest_complete(synced) != SyncRun.objects.latest("pk")


def test_an_account_without_a_key_is_refused(account: Account) -> None:
    with pytest.raises(Refused):
        sync.run_sync(account)
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize(
    ("text", "said"), [("database is locked", "locked by another program"), ("database or disk is full", "is full")]
)
def test_a_database_that_cannot_be_written_is_said_in_one_sentence(
    sandbox: Sandbox, synced: Account, monkeypatch: Any, text: str, said: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError(text)

    monkeypatch.setattr(sync, "index_files", refuse)
    with pytest.raises(MedialibError, match=said):
        sync.run_sync(synced)
    assert SyncRun.objects.latest("pk").state == SyncState.FAILED


def test_a_database_that_is_locked_from_the_start_is_said_too(synced: Account, monkeypatch: Any) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(type(SyncRun.objects), "claim", refuse)
    with pytest.raises(MedialibError, match="could not begin: the database is locked"):
        sync.run_sync(synced)


def test_a_database_that_cannot_even_note_the_failure_is_still_one_sentence(synced: Account, monkeypatch: Any) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise DatabaseError("database or disk is full")

    monkeypatch.setattr(sync, "index_files", refuse)
    monkeypatch.setattr(SyncRun, "fail", refuse)
    with pytest.raises(MedialibError, match="is full"):
        sync.run_sync(synced)


def test_an_unexpected_error_is_on_record_and_raised(synced: Account, monkeypatch: Any) -> None:
    def stumble(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sync, "index_files", stumble)
    with pytest.raises(ZeroDivisionError):
        sync.run_sync(synced)
    assert SyncRun.objects.latest("pk").state == SyncState.FAILED


def test_only_one_sync_of_an_account_runs_at_a_time(synced: Account) -> None:
    other = SyncRun.objects.claim(synced)
    assert other is not None
    with pytest.raises(Refused, match="running already"):
        sync.run_sync(synced)
    other.refresh_from_db()
    assert other.state == SyncState.RUNNING


def test_another_account_may_sync_meanwhile(synced: Account) -> None:
    SyncRun.objects.claim(factories.account())
    assert sync.run_sync(synced).state == SyncState.COMPLETE


def test_a_run_whose_program_died_is_taken_over(synced: Account) -> None:
    SyncRun.objects.create(account=synced, started_at=now(), heartbeat_at=now() - timedelta(minutes=3))
    assert sync.run_sync(synced).state == SyncState.COMPLETE
    assert SyncRun.objects.get(state=SyncState.FAILED).error != ""


def test_a_run_that_was_given_up_writes_nothing_more(sandbox: Sandbox, synced: Account, client_: Client) -> None:
    sandbox.remove(*sorted(sandbox.file_ids())[1:])
    before = live(synced)
    client_.before_find = lambda: SyncRun.objects.filter(state="running").update(state="failed", error="silent")
    with pytest.raises(Refused):
        sync.run_sync(synced, client=client_)
    assert live(synced) == before
    assert SyncRun.objects.latest("pk").error == "silent"


@pytest.mark.parametrize(
    ("name", "mime", "file_type", "kind"),
    [
        ("a.jpg", "image/jpeg", "image", "image"),
        ("a.mp4", "video/mp4", "non-image", "video"),
        ("a.mp3", "", "non-image", "audio"),
        ("a.pdf", "application/pdf", "non-image", "document"),
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "non-image", "document"),
        ("a", "", "image", "image"),
        ("a.woff2", "font/woff2", "non-image", "other"),
        ("a", "", "", "other"),
    ],
)
def test_each_file_has_a_kind(name: str, mime: str, file_type: str, kind: str) -> None:
    row = {"fileId": "x", "name": name, "filePath": f"/{name}", "mime": mime, "fileType": file_type}
    file = RemoteFile.from_json(row)
    assert file is not None
    assert indexing.kind_of(file) == kind


def test_what_no_database_takes_is_replaced(account: Account) -> None:
    row = {
        "fileId": "x",
        "filePath": "/a\x00\ud800.jpg",
        "tags": ["\udfff"],
        "mime": "x" * 200,
        "size": 2**70,
        "width": 2**40,
        "customMetadata": {"a\x00": [float("nan"), {"b": "\x00"}]},
    }
    file = RemoteFile.from_json(row)
    run = SyncRun.objects.claim(account)
    assert file is not None
    assert run is not None
    indexing.index_files(run, [file])
    asset = Asset.objects.get()
    assert (asset.path, asset.tags, asset.width) == ("/a\ufffd?.jpg", ["?"], None)
    assert asset.custom_metadata == {"a\ufffd": ["nan", {"b": "\ufffd"}]}


def files(count: int, **shown: Any) -> list[RemoteFile]:
    rows = ({"fileId": f"f{number}", "filePath": f"/x/{number}.jpg", **shown} for number in range(count))
    return [file for row in rows if (file := RemoteFile.from_json(row))]


def test_a_page_is_written_in_as_many_statements_as_one_file(account: Account) -> None:
    run = SyncRun.objects.claim(account)
    assert run is not None
    for shown in ({}, {"size": 5, "tags": ["a"]}, {"size": 5, "tags": ["a"]}):  # New, changed, unchanged.
        statements = []
        for count in (1, 50):
            with CaptureQueriesContext(connection) as captured:
                indexing.index_files(run, files(count, **shown))
            statements.append(len(captured))
        # The first of the fifty is known already when they are new, so its row is touched by a statement of its own.
        assert statements[1] <= statements[0] + 1
        assert statements[1] <= 4
    assert Asset.objects.filter(size_bytes=5, tags=["a"]).count() == 50


@pytest.mark.postgres
def test_the_planner_hears_of_a_library_while_it_is_read(
    sandbox: Sandbox, sandbox_account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it takes the account for empty, and reads all of its rows to find those of each page."""
    monkeypatch.setattr(sync, "GROWN_AFTER", {1})
    sandbox.add_files([{"path": f"/{number}.jpg"} for number in range(20)])
    sync.run_sync(sandbox_account)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'medialib_asset'::regclass")
        assert cursor.fetchone() == (20,)


@pytest.mark.sqlite
def test_a_page_makes_one_segment_of_the_text_index(account: Account) -> None:
    """One for each file would have to be merged with the rest later, which made a sync four times as slow."""
    run = SyncRun.objects.claim(account)
    assert run is not None
    with transaction.atomic():
        indexing.index_files(run, files(50))
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(DISTINCT segid) FROM medialib_asset_text_idx")
            assert cursor.fetchone() == (1,)
    assert Asset.objects.live(account).matching(AssetFilter(q="49.jpg")).rows.get().path == "/x/49.jpg"


def test_an_incremental_run_lists_only_what_changed(sandbox: Sandbox, synced: Account) -> None:
    SyncRun.objects.update(
        started_at=now() + timedelta(hours=1)
    )  # So that the three files are older than the look-back.
    added = sandbox.add_file(path="/new.jpg", updated_at=(now() + timedelta(hours=2)).isoformat())
    run = sync.run_sync(synced, kind=SyncKind.INCREMENTAL)
    assert (run.kind, run.seen, run.added, run.removed) == (SyncKind.INCREMENTAL, 1, 1, 0)
    assert added in live(synced)


def test_an_incremental_run_takes_no_file_for_gone(sandbox: Sandbox, synced: Account) -> None:
    before = live(synced)
    sandbox.remove(*sandbox.file_ids())
    assert sync.run_sync(synced, kind=SyncKind.INCREMENTAL).removed == 0
    assert live(synced) == before


def test_without_a_complete_run_an_incremental_one_is_a_full_one(sandbox: Sandbox, sandbox_account: Account) -> None:
    sandbox.add_file(path="/a.jpg")
    run = sync.run_sync(sandbox_account, kind=SyncKind.INCREMENTAL)
    assert (run.kind, run.since, live(sandbox_account)) == (SyncKind.FULL, None, sandbox.file_ids())


def test_where_questions_are_not_answered_an_incremental_run_becomes_a_full_one(
    sandbox: Sandbox, synced: Account, client_: Client
) -> None:
    SyncRun.objects.update(started_at=now() + timedelta(hours=1))
    sandbox.remove(Asset.objects.get(path="/a.jpg").file_id)
    client_.is_deaf = True
    run = sync.run_sync(synced, client=client_, kind=SyncKind.INCREMENTAL)
    assert (run.kind, run.removed, live(synced)) == (SyncKind.FULL, 1, sandbox.file_ids())


@pytest.mark.django_db(transaction=True)
def test_a_run_that_died_is_taken_up_where_it_was(sandbox: Sandbox, sandbox_account: Account, monkeypatch: Any) -> None:
    sandbox.add_files(
        {"created_at": f"2024-01-01T{hour:02}:00:{second % 60:02}Z"} for hour in range(5) for second in range(700)
    )
    real, pages = sync.index_files, []

    def dies_at_the_third_page(run: SyncRun, files: Any) -> Any:
        pages.append(1)
        if len(pages) == 3:
            raise KeyboardInterrupt
        return real(run, files)

    monkeypatch.setattr(sync, "index_files", dies_at_the_third_page)
    with pytest.raises(KeyboardInterrupt):
        sync.run_sync(sandbox_account)
    before = len(sandbox.calls("list"))
    run = sync.run_sync(sandbox_account)
    assert (SyncRun.objects.count(), run.seen, live(sandbox_account)) == (1, 3500, sandbox.file_ids())
    assert all("searchQuery" in call.target for call in sandbox.calls("list")[before:])


@pytest.mark.django_db(transaction=True)
def test_pages_of_a_large_library_are_asked_for_at_the_same_time(sandbox: Sandbox, sandbox_account: Account) -> None:
    sandbox.add_files(
        {"created_at": f"2024-{month:02}-01T00:00:{n % 60:02}Z"} for month in range(1, 13) for n in range(400)
    )
    run = sync.run_sync(sandbox_account)
    assert (run.seen, live(sandbox_account)) == (4800, sandbox.file_ids())


def test_a_sync_says_that_the_summary_is_out_of_date(sandbox: Sandbox, synced: Account) -> None:
    summary.rebuild(synced)
    sandbox.add_file(path="/new.jpg")
    sync.run_sync(synced)
    assert LibrarySummary.objects.get(account=synced).is_stale
