"""Each thing is told once, to those who chose it and may know of it, whatever fails on the way."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from django.contrib.auth.models import User
from django.core import mail
from django.utils.timezone import now
from standardwebhooks import Webhook

from medialib.errors import WrongUse
from medialib.models import (
    Account,
    AuditEvent,
    EventKind,
    Membership,
    Notice,
    NoticeChannel,
    NoticeKind,
    NoticeRoute,
    NoticeState,
    PurgeRequest,
    SyncRun,
)
from medialib.services.audit import log
from medialib.services.audit.log import Actor
from medialib.services.audit.seal import sealing
from medialib.services.deletion import purge
from medialib.services.notices import delivering, gathering, routes
from tests import factories
from tests.services.audit.conftest import own_data_dir
from tests.views.jobs import job_rows

__all__ = ["own_data_dir"]
pytestmark = pytest.mark.django_db
SLACK = "https://hooks.slack.com/services/T/B/secret"
TEAMS = "https://acme.webhook.office.com/x?api-version=1&sig=s%20ecret"
HOOK = "https://receiver.example.com/notices"


@pytest.fixture(autouse=True)
def reachable(settings: Any) -> None:
    settings.PUBLIC_URL, settings.SENDS_MAIL = "https://media.example.com", True
    settings.IMAGEKIT_ALLOW_PRIVATE_API = True  # Else the names above would be looked up.


@pytest.fixture
def kim(account: Account) -> User:
    user = factories.user("kim", permissions=(*factories.EVERY_PERMISSION, "approve_deletions"))
    user.email = "kim@example.com"
    user.save()
    return user


@pytest.fixture
def begun(account: Account) -> None:
    """What was sealed before there were notices is told to nobody."""
    log.record(EventKind.JOB_PAUSED, account=account)
    sealing.seal_all()
    assert gathering.gather_from_log() == 0


def route(user: User, channel: NoticeChannel = NoticeChannel.SLACK, *, only_mine: bool = False) -> NoticeRoute:
    address = {NoticeChannel.SLACK: SLACK, NoticeChannel.TEAMS: TEAMS, NoticeChannel.WEBHOOK: HOOK}.get(channel, "")
    return routes.add(user, channel=channel, address=address, kinds=list(NoticeKind), only_mine=only_mine)[0]


def ended(account: Account, person: User, outcomes: list[str]) -> Any:
    job = job_rows.finished(job_rows.manifest(account, person, len(outcomes)), outcomes)
    detail = {outcome: outcomes.count(outcome) for outcome in set(outcomes)}
    log.record(EventKind.JOB_FINISHED, account=account, job=job, detail=detail)
    sealing.seal_all()
    return job


def synced(account: Account, *, state: str) -> None:
    SyncRun.objects.create(account=account, state=state, started_at=now(), finished_at=now())


def send() -> int:
    with requests.Session() as session:
        return delivering.deliver_due(session=session)


@pytest.fixture
def taking():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_the_end_of_a_job_is_told_once_on_every_channel(begun, account, staff, kim, taking):
    for channel in NoticeChannel:
        route(kim, channel)
    for url in (SLACK, TEAMS, HOOK):
        taking.post(url, status=200)
    job = ended(account, staff, ["deleted", "deleted", "already_gone"])
    assert gathering.gather_from_log() == 4
    assert gathering.gather_from_log() == 0
    assert send() == 4
    assert send() == 0
    subject = f"Job {job.pk} on {account.name} has ended: 2 deleted, 1 already gone"
    link = f"https://media.example.com/jobs/{job.pk}/"
    (letter,) = mail.outbox
    assert (letter.subject, letter.to) == (f"[medialib] {subject}", ["kim@example.com"])
    assert link in letter.body
    bodies = {call.request.url: json.loads(call.request.body) for call in taking.calls}
    assert bodies[SLACK]["text"] == f"{subject}\n<{link}>"
    assert bodies[TEAMS]["attachments"][0]["content"]["body"][0]["text"] == subject
    assert bodies[HOOK]["data"] | {"facts": 0} == {
        "account": account.name, "job": job.pk, "subject": subject, "link": link, "facts": 0,
    }  # fmt: skip
    assert bodies[HOOK]["data"]["facts"] == {"deleted": 2, "already_gone": 1}


def test_no_path_and_no_reason_leaves_the_house(begun, account, staff, kim):
    route(kim, NoticeChannel.MAIL)
    job = ended(account, staff, ["failed"])
    gathering.gather_from_log()
    send()
    said = mail.outbox[0].subject + mail.outbox[0].body
    assert job.manifest.items.get().path not in said
    assert job.reason not in said


def test_files_that_need_somebody_are_told_as_that_alone(begun, account, staff, kim):
    route(kim)
    ended(account, staff, ["deleted", "failed"])
    ended(account, staff, ["deleted", "unverified"])
    ended(account, staff, ["deleted"])
    gathering.gather_from_log()
    kinds = list(Notice.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == [NoticeKind.JOB_UNRESOLVED, NoticeKind.JOB_UNRESOLVED, NoticeKind.JOB_FINISHED]


def test_of_jobs_only_mine_and_never_what_i_did_myself(begun, account, staff, kim):
    mine, all_of_them = route(kim, only_mine=True), route(kim)
    ended(account, staff, ["deleted"])
    assert gathering.gather_from_log() == 1
    own = ended(account, kim, ["deleted"])
    assert gathering.gather_from_log() == 2
    log.record(EventKind.JOB_PAUSED, actor=Actor.person(kim), account=account, job=own)
    log.record(EventKind.JOB_PAUSED, actor=Actor.person(staff), account=account, job=own)
    sealing.seal_all()
    assert gathering.gather_from_log() == 2
    assert (mine.notices.count(), all_of_them.notices.count()) == (2, 3)


def test_an_approval_is_asked_of_those_who_may_give_it(begun, account, staff, kim):
    deleter = factories.user("lou", permissions=("view_library", "delete_files"))
    for person in (staff, kim, deleter):
        route(person, only_mine=True)
    job = job_rows.job(job_rows.manifest(account, staff, 3), needs_approval=True)
    detail = {"needs_approval": True, "file_count": 3}
    log.record(EventKind.JOB_CONFIRMED, actor=Actor.person(staff), account=account, job=job, detail=detail)
    sealing.seal_all()
    assert gathering.gather_from_log() == 1
    notice = Notice.objects.get()
    assert (notice.route.user, notice.kind) == (kim, NoticeKind.JOB_TO_APPROVE)
    said = delivering.words.of(notice).subject
    assert said == f"Job {job.pk} on {account.name} waits for your approval: 3 files, asked for by sam"


def test_strangers_and_people_who_left_are_told_nothing(begun, account, staff, kim):
    stranger = factories.user("max", permissions=factories.EVERY_PERMISSION, is_member=False)
    gone = factories.user("eve", permissions=factories.EVERY_PERMISSION)
    for person in (stranger, gone, kim):
        route(person)
    gone.is_active = False
    gone.save()
    ended(account, staff, ["deleted"])
    assert gathering.gather_from_log() == 1
    Membership.objects.filter(user=kim).delete()
    assert send() == 0
    assert Notice.objects.get().state == NoticeState.DROPPED


def test_a_sync_that_fails_is_told_once_until_one_succeeds(account, kim):
    route(kim)
    for made in (1, 0, 0):
        synced(account, state="failed")
        assert gathering.gather_from_state() == made
    synced(account, state="complete")
    assert gathering.gather_from_state() == 0
    synced(account, state="failed")
    assert gathering.gather_from_state() == 1


def test_a_key_that_ends_is_told_to_those_who_may_change_it(account, kim):
    reader = factories.user("rea", permissions=("view_library",))
    synced(account, state="complete")
    factories.api_key(account, expires_at=now() + timedelta(days=3))
    route(kim)
    route(reader)
    assert [gathering.gather_from_state() for _ in range(2)] == [1, 0]
    assert Notice.objects.get().route.user == kim
    assert f"The key of {account.name} ends on" in delivering.words.of(Notice.objects.get()).subject


def test_purges_that_are_nearly_used_up_are_told_once_a_month(account, staff, kim, monkeypatch):
    monkeypatch.setattr(purge, "MONTHLY_QUOTA", 10)
    synced(account, state="complete")
    factories.api_key(account)
    job = job_rows.finished(job_rows.manifest(account, staff, 1), ["deleted"])
    PurgeRequest.objects.bulk_create(
        PurgeRequest(job=job, account=account, url=str(n), requested_at=now()) for n in range(9)
    )
    route(kim)
    assert [gathering.gather_from_state() for _ in range(2)] == [1, 0]
    assert "9 of 10 CDN purges" in delivering.words.of(Notice.objects.get()).subject


def test_a_refusal_is_tried_again_later_and_given_up_in_the_end(begun, account, staff, kim, taking, monkeypatch):
    route(kim)
    taking.post(SLACK, status=500)
    ended(account, staff, ["deleted"])
    gathering.gather_from_log()
    monkeypatch.setattr(delivering, "MOST_ATTEMPTS", 3)
    for attempt in (1, 2, 3):
        assert send() == 0
        notice = Notice.objects.get()
        assert (notice.attempts, notice.error) == (attempt, "HTTP 500")
        assert send() == 0  # It waits.
        assert Notice.objects.get().attempts == attempt
        Notice.objects.update(not_before=None)
    assert notice.state == NoticeState.FAILED


@pytest.mark.parametrize(("channel", "again"), [(NoticeChannel.SLACK, False), (NoticeChannel.WEBHOOK, True)])
def test_a_lost_answer_is_repeated_only_where_the_receiver_can_tell(begun, account, staff, kim, taking, channel, again):
    route(kim, channel)
    taking.post(SLACK, body=requests.ReadTimeout())
    taking.post(HOOK, body=requests.ReadTimeout())
    ended(account, staff, ["deleted"])
    gathering.gather_from_log()
    send()
    Notice.objects.update(not_before=None)
    send()
    assert len(taking.calls) == 1 + again
    assert len({call.request.headers["webhook-id"] for call in taking.calls}) == 1


@pytest.mark.parametrize(("channel", "again"), [(NoticeChannel.SLACK, 0), (NoticeChannel.WEBHOOK, 1)])
def test_a_worker_that_is_killed_over_one_tells_it_at_most_once(begun, account, staff, kim, taking, channel, again):
    route(kim, channel)
    taking.post(SLACK, status=200)
    taking.post(HOOK, status=200)
    ended(account, staff, ["deleted"])
    gathering.gather_from_log()
    assert delivering._claim(Notice.objects.get())
    assert send() == 0  # Another worker leaves it alone while it may be under way.
    Notice.objects.update(not_before=now() - timedelta(seconds=1))
    assert send() == again
    assert Notice.objects.get().state == NoticeState.SENT


def test_a_webhook_is_signed_with_the_secret_that_was_shown(kim, taking):
    found, secret = routes.add(
        kim, channel=NoticeChannel.WEBHOOK, address=HOOK, kinds=[NoticeKind.JOB_PAUSED], only_mine=True
    )
    taking.post(HOOK, status=204)
    with requests.Session() as session:
        assert delivering.try_out(found, session) == ""
    request = taking.calls[0].request
    assert (
        Webhook(secret).verify(request.body, dict(request.headers))["data"]["subject"].startswith("A notice on trial")
    )
    assert HOOK not in found.ciphertext


@pytest.mark.parametrize(
    "address",
    [
        "", "hooks.slack.com", "http://hooks.slack.com/x", "https://127.0.0.1/x", "https://localhost/", "ftp://x.example",
        "https://user:secret@hooks.example.com/", "https://x.example/#part", "https://[::1]/", "https://10.1.2.3/",
        "https://x.example/?a b", "https://2130706433/", "https://x.example/" + "a" * 400,
    ],
)  # fmt: skip
def test_no_address_inside_the_house_is_taken(kim, settings, address):
    settings.IMAGEKIT_ALLOW_PRIVATE_API = False
    with pytest.raises(WrongUse):
        routes.add(kim, channel=NoticeChannel.SLACK, address=address, kinds=[NoticeKind.JOB_PAUSED], only_mine=True)


def test_a_name_that_leads_inside_is_sent_nothing(kim, settings, monkeypatch):
    settings.IMAGEKIT_ALLOW_PRIVATE_API = False
    monkeypatch.setattr("medialib.services.accounts.addresses._look_up", lambda host: {"10.0.0.5"})
    found = route(kim)
    with delivering.session() as session:
        assert "private network" in delivering.try_out(found, session)


def test_without_mail_nobody_is_offered_it(kim, settings):
    settings.SENDS_MAIL = False
    assert NoticeChannel.MAIL not in routes.channels()
    with pytest.raises(WrongUse, match="sends no mail"):
        route(kim, NoticeChannel.MAIL)


def test_a_reader_of_german_is_told_in_german(begun, account, staff, kim):
    found = route(kim, NoticeChannel.MAIL)
    NoticeRoute.objects.filter(pk=found.pk).update(language="de")
    job = ended(account, staff, ["deleted"])
    gathering.gather_from_log()
    send()
    assert mail.outbox[0].subject == f"[medialib] Auftrag {job.pk} auf {account.name} ist beendet: 1 gelöscht"


@pytest.mark.parametrize(
    "detail", [[], "x", {"deleted": "many"}, {"deleted": {}}, {"failed": -3}, {}, {"deleted": 10**30}]
)
def test_an_end_that_was_written_by_hand_stops_nobody_from_being_told(begun, account, staff, kim, detail):
    route(kim, NoticeChannel.MAIL)
    job = job_rows.finished(job_rows.manifest(account, staff, 1), ["deleted"])
    AuditEvent.objects.create(time=now(), event=EventKind.JOB_FINISHED, account=account, job=job, detail=detail)
    right = ended(account, staff, ["deleted"])
    gathering.gather_from_log()
    send()
    assert f"[medialib] Job {right.pk} on {account.name} has ended: 1 deleted" in [
        letter.subject for letter in mail.outbox
    ]


def test_a_name_that_would_add_a_header_is_no_letter_and_holds_up_none(begun, account, staff, kim):
    route(kim, NoticeChannel.MAIL)
    for name in ("eve\nBcc: all@example.com", "sam"):
        job = job_rows.job(job_rows.manifest(account, staff, 1), needs_approval=True)
        detail = {"needs_approval": True, "file_count": 1}
        log.record(EventKind.JOB_CONFIRMED, actor=Actor(name=name), account=account, job=job, detail=detail)
    sealing.seal_all()
    gathering.gather_from_log()
    assert send() == 1
    assert [letter.extra_headers for letter in mail.outbox] == [{"Auto-Submitted": "auto-generated"}]
    assert mail.outbox[0].subject.endswith("1 file, asked for by sam")
