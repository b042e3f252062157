"""A walk through every page as somebody who reads German: states, errors and refusals too. None may hold English.

What people typed and what is recorded (evidence, answers of ImageKit) stays as it is: the rows here say it in German.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import OperationalError
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from django.utils.timezone import now

from medialib.models import (
    Account,
    DeletionJob,
    EventKind,
    Exchange,
    JobState,
    Outcome,
    PauseCode,
    ProtectionRule,
    SyncRun,
)
from medialib.models.deletion import causes
from medialib.services.audit import log
from medialib.views.library import library
from tests import factories
from tests.german import english_in, is_english
from tests.views.jobs import job_rows
from tests.views.test_permission_matrix import CLOSED, POSTS, UNASKED, World, named

SILENT = {
    "medialib:styleguide",  # For developers.
    "medialib:api-reference",  # Describes the API, which speaks English.
    "medialib:account-test", "medialib:key-change",  # They only lead on, and record what ImageKit answered.
}  # fmt: skip
# What Django itself says in English only.
DJANGOS = (
    "After you’ve created a user, you’ll be able to edit more user options.",
    "If disabled, the current password for this user will be lost.",
    "Raw passwords are not stored, so there is no way to see the user’s password.",
    "Whether the user will be able to authenticate using a password or not.",
)
REASON = "Alte Kampagne"


def english_on(response: Any) -> set[str]:
    """What an answer that is a page says in English."""
    if "html" not in response.headers.get("Content-Type", "") or response.streaming:
        return set()
    return {text for text in english_in(response.content) if not text.startswith(DJANGOS)}


@pytest.fixture
def root(db: None) -> User:
    person = factories.user("ada", is_superuser=True, is_member=False)
    person.groups.set(Group.objects.all())
    return person


@pytest.fixture
def reader(signed_in: Any, root: User) -> Client:
    client: Client = signed_in(root)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    return client


@pytest.fixture
def account(db: None) -> Account:
    return factories.account("acme")


def in_german_data() -> None:
    """What the shared rows say in English, and what would be German if a German reader had typed it."""
    DeletionJob.objects.update(reason=REASON)
    Exchange.objects.update(result="204")
    ProtectionRule.objects.update(reason=REASON)


def walk(client: Client, addresses: dict[str, str]) -> dict[str, set[str]]:
    """What each page says in English; one that is not there would say nothing, so that is told too."""
    found = {}
    for name, url in addresses.items():
        response = client.get(url, follow=True)
        found[name] = english_on(response) | ({"404"} if response.status_code == 404 else set())
    return {name: texts for name, texts in found.items() if texts}


def test_every_address_is_german(reader: Client, account: Account, root: User) -> None:
    world = World(account, root)
    in_german_data()
    found = {}
    for address in named():
        if address.name not in SILENT | CLOSED | UNASKED:
            method = reader.post if address.name in POSTS else reader.get
            if texts := english_on(method(world.url(address), follow=True)):
                found[address.name] = texts
    assert found == {}


def jobs_in_each_state(account: Account, root: User) -> dict[str, str]:
    """A job for each state, each cause of a pause, and each outcome."""
    later = now() + timedelta(minutes=5)
    fillings = {
        "name": "ada",
        "account": "acme",
        "cause": "…",
        "error": "HTTP 403",
        "count": 3,
        "failed": 6,
        "percent": 5,
        "files": 9,
    }
    states: dict[str, dict[str, Any]] = {
        **{state.value: {"state": state} for state in JobState if state != JobState.FINISHED},
        "undo window": {"state": JobState.SCHEDULED, "starts_at": later},
        "waits for approval": {"state": JobState.SCHEDULED, "needs_approval": True},
        "told to wait": {"state": JobState.RUNNING, "wait_until": later, "refused_calls": 2, "deleted": 1},
        "slower": {"state": JobState.RUNNING, "started_at": now(), "speed_percent": 50, "calls": 2},
    }
    for code in PauseCode:
        states[f"paused {code}"] = {"state": JobState.PAUSED, "pause_code": code}
    for number, cause in enumerate(causes.CAUSES):
        told = causes.UNTIL_RESUMED % {"cause": cause % fillings}
        states[f"cause {number}"] = {"state": JobState.PAUSED, "pause_code": PauseCode.BREAKER, "pause_cause": told}
    person = {"pause_code": PauseCode.PERSON, "pause_cause": causes.PAUSED_BY % {"name": "kim"}}
    states["paused by kim"] = {"state": JobState.PAUSED, **person}
    jobs = {name: job_rows.job(job_rows.manifest(account, root, 2), **fields) for name, fields in states.items()}
    for outcome in Outcome:
        jobs[f"ended {outcome}"] = job_rows.finished(job_rows.manifest(account, root, 2), [outcome, outcome])
    jobs["ended in each way"] = job_rows.finished(job_rows.manifest(account, root, len(Outcome)), list(Outcome))
    return {name: f"/jobs/{job.pk}/" for name, job in jobs.items()}


@pytest.mark.parametrize("has_worker", [True, False])
def test_jobs_in_each_state_are_german(reader: Client, account: Account, root: User, has_worker: bool) -> None:
    if has_worker:
        job_rows.worker()
    jobs = jobs_in_each_state(account, root)
    in_german_data()
    parts = {f"{name} ({part})": f"{url}{part}/" for name, url in jobs.items() for part in ("progress", "timeline")}
    receipts = {f"{name} (receipt)": f"{url}receipt/" for name, url in jobs.items()}
    lists = {f"jobs {state}": f"/jobs/?state={state}" for state in ("", "active", "attention", "finished", "nonsense")}
    by_outcome = {f"files {outcome}": f"{jobs['ended in each way']}?outcome={outcome}" for outcome in Outcome}
    assert walk(reader, jobs | parts | receipts | lists | by_outcome | {"tray": "/jobs/tray/"}) == {}


def test_every_kind_of_event_is_german(reader: Client, account: Account, root: User) -> None:
    job = job_rows.job(job_rows.manifest(account, root, 1))
    for kind in EventKind:
        log.record(kind, account=account, detail={"file_count": 3, "person": "kim", "is_staff": True})
        job_rows.event(kind, account=account, job_id=job.pk, actor_name="kim", file_id="f1", file_path="/a.jpg")
    in_german_data()
    pages = {kind.value: f"/audit/?every=1&event={kind}" for kind in EventKind}
    pages |= {
        "by job": "/audit/",
        "every event": "/audit/?every=1",
        "chart": "/audit/chart/?measure=size_bytes&by=actor",
    }
    pages |= {
        "inside": f"/audit/jobs/{job.pk}/",
        "history": "/acme/files/f1/history/",
        "admin": "/admin/medialib/auditevent/",
    }
    pages |= {
        "nothing": "/audit/?actor=nobody",
        "unreadable": "/audit/?event=x&job=y&after=z",
        "find": "/audit/file/?q=a.jpg",
    }
    assert walk(reader, pages) == {}


def test_the_library_is_german_in_each_state(reader: Client, account: Account, root: User) -> None:
    factories.account("beta")
    for number in range(105):
        factories.asset(account, f"/bilder/{number:03}.jpg", tags=["alt"], is_private=number % 2 == 0, ai_tags=["rot"])
    asset = factories.asset(account, "/film.mp4", kind="video", removed_at=now(), removal="deleted")
    full = {"state": "complete", "started_at": now(), "finished_at": now(), "seen": 106, "added": 2}
    SyncRun.objects.create(account=account, **full)
    SyncRun.objects.create(account=account, state="failed", started_at=now(), finished_at=now())
    imports = {
        "done": factories.list_import(account, root, line_count=1, not_found=1),
        "under way": factories.list_import(account, root, line_count=1000),
        "stopped": factories.list_import(account, root, line_count=1000, left_out=999),
    }
    in_german_data()
    filters = (
        "q=gibtsnicht",
        "size=big",
        "kind=image",
        "age=1y",
        "sort=-size",
        "filter=(",
        "min_versions=2",
        "tag=alt",
    )
    pages = {text: f"/acme/library/?{text}" for text in filters}
    pages |= {name: f"/acme/lists/{made.pk}/" for name, made in imports.items()}
    pages |= {f"insight {part}": f"/acme/insight/{part}/" for part in ("folders", "types", "ages", "largest")}
    pages |= {
        "file": f"/acme/files/{asset.file_id}/",
        "accounts": "/",
        "never synced": "/beta/library/",
        "empty": "/acme/library/",
    }
    pages |= {"protection": "/acme/protections/", "lists": "/acme/lists/", "sync": "/acme/sync/progress/?asking=1"}
    assert walk(reader, pages) == {}


def test_refusals_and_mistakes_in_forms_are_german(reader: Client, account: Account, root: User) -> None:
    frozen = job_rows.manifest(account, root, 3, library_count=4)
    job = job_rows.finished(job_rows.manifest(account, root, 1), [Outcome.DELETED])
    rule = factories.protection(account, reason=REASON)
    asset = factories.asset(account)
    sent: list[tuple[str, dict[str, Any]]] = [
        (f"/manifests/{frozen.pk}/confirm/", {}),
        (f"/manifests/{frozen.pk}/confirm/", {"reason": REASON, "typed_count": "2"}),
        ("/acme/lists/", {"pasted": ""}),
        ("/acme/lists/", {"pasted": "file_id,name"}),
        ("/acme/protections/", {}),
        ("/acme/protections/", {"kind": "pattern", "value": "***", "reason": " "}),
        ("/acme/protections/", {"kind": "younger", "value": "x", "reason": REASON, "until": "x"}),
        (f"/acme/protections/{rule.pk}/lift/", {"reason": " "}),
        ("/acme/views/", {"name": "", "query": ""}),
        ("/acme/views/", {"name": "Alt", "query": "kind=image", "is_shared": "1"}),
        ("/acme/freeze/", {}),
        ("/acme/selection/", {"action": "add", "asset": asset.pk}),
        ("/acme/selection/", {"action": "nonsense"}),
        ("/acme/selection/", {"action": "all", "query": "size=big"}),
        ("/acme/sync/", {}),
        ("/acme/sync/accept-removals/", {"file_count": "1"}),
        *(
            (f"/jobs/{job.pk}/{action}/", {})
            for action in ("pause", "resume", "undo", "start", "retry", "verify", "cancel")
        ),
        (f"/jobs/{job.pk}/speed/", {"percent": "7"}),
        (f"/jobs/{job.pk}/approval/approve/", {}),
        (f"/jobs/{job.pk}/approval/reject/", {"reason": ""}),
        (f"/jobs/{job.pk}/changed/", {}),
        ("/sign-in/", {"username": "kim", "password": "falsch"}),
        ("/you/password/", {}),
        ("/admin/medialib/account/add/", {}),
        ("/admin/medialib/account/add/", {"name": "jobs", "url_endpoint": "x", "api_url": "http://10.0.0.1"}),
        (f"/admin/medialib/account/{account.pk}/change/", {"protected_folders": "..", "undo_window_s": "-1"}),
        ("/admin/medialib/apikey/add/", {}),
        ("/admin/medialib/membership/add/", {"delete_paths": "a*b"}),
        ("/admin/auth/user/add/", {}),
        ("/admin/auth/group/add/", {}),
    ]
    found = {}
    for url, fields in sent:
        if texts := english_on(reader.post(url, fields, follow=True)):
            found[url, *fields] = texts
    assert found == {}


@pytest.mark.parametrize("name", ["400.html", "404.html", "413.html", "429.html", "500.html", "503.html"])
def test_pages_of_errors_are_german(name: str, db: None) -> None:
    with translation.override("de"):
        assert english_in(render_to_string(name)) == set()


def test_who_is_refused_reads_why_in_german(client: Client, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    assert english_on(client.get("/sign-in/?next=/jobs/&ended=1")) == set()
    client.force_login(factories.user("kim"))
    forbidden = client.get("/jobs/")
    assert (forbidden.status_code, english_on(forbidden)) == (403, set())
    client.force_login(factories.user("lee", permissions=("view_library",)))

    def locked(*_: Any, **__: Any) -> Any:
        raise OperationalError("database is locked")

    monkeypatch.setattr(library, "_list_context", locked)
    away = client.get("/acme/library/")
    assert (away.status_code, english_on(away)) == (503, set())
    strict = Client(enforce_csrf_checks=True, headers={"Accept-Language": "de"})
    too_old = strict.post("/acme/sync/")
    assert (too_old.status_code, english_on(too_old)) == (403, set())


@pytest.mark.parametrize(
    "text",
    [
        "Nothing was deleted.",
        "job speed changed",
        "Job 7 on acme",
        "Dateien: The server does not answer",
        "Can browse the library",
    ],
)
def test_english_is_found(text: str) -> None:
    assert is_english(text)


@pytest.mark.parametrize(
    "text", ["Nichts wurde gelöscht.", "outcome:failed AND NOT tag:alt", "Auftrag 7 auf acme", "all"]
)
def test_german_and_single_words_are_let_be(text: str) -> None:
    assert not is_english(text)
