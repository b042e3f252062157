"""The audit log is found by any of its columns, walked page by page, taken away on record, and outlives its files."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse

from medialib.models import AuditEvent, EventKind
from medialib.services.audit import indexing, search
from medialib.services.audit.chart import ChartQuery, chart
from medialib.services.audit.seal import sealing
from medialib.services.audit.search import AuditFilter
from tests import factories
from tests.views.jobs import job_rows


def soup(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def text(response: Any) -> str:
    return " ".join(soup(response).get_text(" ").split())


def numbers(response: Any) -> list[int]:
    return [int(row.td.get_text(strip=True)) for row in soup(response).select("tbody tr")]


def body(response: Any) -> str:
    return b"".join(response.streaming_content).decode()


@pytest.fixture
def two(account) -> tuple[AuditEvent, AuditEvent]:
    """Two events that differ in every column."""
    other = factories.account("globex")
    job = job_rows.job(job_rows.manifest(account, factories.user(), 1))
    return (
        job_rows.event(
            account=account,
            job=job,
            actor_name="sam",
            outcome="deleted",
            file_id="f1",
            file_path="/old/a%_b.jpg",
            time=datetime(2026, 5, 1, 12, tzinfo=UTC),
        ),
        job_rows.event(
            EventKind.FILE_UNVERIFIED,
            account=other,
            actor_name="eve",
            outcome="unverified",
            file_id="f2",
            file_path="/new/c.jpg",
            time=datetime(2026, 6, 1, 23, 59, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    "wanted",
    [
        AuditFilter(actor="sam"),
        AuditFilter(event="file.settled"),
        AuditFilter(outcome="deleted"),
        AuditFilter(path="/old"),
        AuditFilter(path="A%_B"),
        AuditFilter(file="f1"),
        AuditFilter(before=date(2026, 5, 1)),
    ],
)
def test_each_filter_keeps_exactly_its_events(two, wanted):
    assert {event.pk for event in search.matching(wanted)} == {two[0].pk}


def test_filters_by_account_and_job_keep_exactly_theirs(two, account):
    for wanted in (AuditFilter(account=account.name), AuditFilter(job=two[0].job_id)):
        assert {event.pk for event in search.matching(wanted)} == {two[0].pk}


def test_last_day_is_included_whole(two):
    wanted = AuditFilter(after=date(2026, 6, 1), before=date(2026, 6, 1))
    assert {event.pk for event in search.matching(wanted)} == {two[1].pk}


def test_events_of_a_removed_account_are_found_by_its_name(two):
    job_rows.event(account_name="gone-account", file_id="f9")
    assert {event.file_id for event in search.matching(AuditFilter(account="gone-account"))} == {"f9"}


def test_state_of_the_filter_is_in_the_address(staff_client, two):
    page = soup(staff_client.get(reverse("medialib:audit"), {"actor": "sam", "outcome": "deleted"}))
    chips = {chip.get_text(" ", strip=True).split(" ")[1] for chip in page.select(".chip")}
    assert chips == {"sam", "deleted"}
    assert page.select_one("#id_actor")["value"] == "sam"


def test_days_of_an_address_are_those_of_its_zone_for_every_reader(staff_client, account):
    """Late on the first of June in Los Angeles is the second of June in Tokyo."""
    late = job_rows.event(account=account, file_id="late", time=datetime(2026, 6, 2, 3, tzinfo=UTC))
    job_rows.event(account=account, file_id="noon", time=datetime(2026, 6, 2, 20, tzinfo=UTC))
    days = {"after": "2026-06-01", "before": "2026-06-01", "every": "1"}
    staff_client.cookies["timezone"] = "America/Los_Angeles"
    shown = staff_client.get(reverse("medialib:audit"), days)
    assert numbers(shown) == [late.pk]
    page = soup(shown)
    shared = next(a["href"] for a in page.select("a[href*='zone=America']") if "every" in a["href"])
    staff_client.cookies["timezone"] = "Asia/Tokyo"
    assert numbers(staff_client.get(reverse("medialib:audit"), days)) == []
    theirs = staff_client.get(reverse("medialib:audit") + shared)
    assert numbers(theirs) == [late.pk]
    page = soup(theirs)
    assert "2026-06-01 (America/Los_Angeles)" in page.select_one(".chips").get_text(" ", strip=True)
    assert page.select_one("input[name=zone]")["value"] == "America/Los_Angeles"
    assert page.select_one("#id_query")["value"].endswith("zone:America/Los_Angeles")


def test_a_date_typed_in_the_query_bar_takes_the_readers_zone_along(staff_client):
    staff_client.cookies["timezone"] = "Asia/Tokyo"
    answer = staff_client.get(reverse("medialib:audit"), {"q": "after:2026-06-01"})
    assert answer["Location"].endswith("?after=2026-06-01&zone=Asia%2FTokyo")
    assert soup(staff_client.get(answer["Location"])).select_one("#id_query")["value"] == "after:2026-06-01"


def test_a_bar_of_the_chart_leads_to_what_it_counts_in_every_zone(staff_client, staff, account, settings, tmp_path):
    settings.AUDIT_ANCHOR_FILE = tmp_path / "anchors.jsonl"
    job_rows.event(
        account=account, file_id="late", outcome="deleted", time=datetime(2026, 6, 1, 23, tzinfo=UTC)
    )  # In Tokyo the second of June.
    sealing.seal_all()
    indexing.catch_up()
    [bar] = chart(ChartQuery(), viewer=staff).sums
    staff_client.cookies["timezone"] = "Asia/Tokyo"
    assert len(numbers(staff_client.get(f"{reverse('medialib:audit')}?{bar.query}"))) == bar.value == 1


@pytest.mark.parametrize(
    "query",
    [{"event": "x"}, {"outcome": "all"}, {"job": "x"}, {"after": "soon"}, {"job": "9" * 30}, {"zone": "Mars/Olympus"}],
)
def test_unreadable_filter_shows_no_events_and_says_so(staff_client, two, query):
    answer = staff_client.get(reverse("medialib:audit"), query)
    assert answer.status_code == 422
    assert numbers(answer) == []
    assert staff_client.get(reverse("medialib:audit-export"), query | {"format": "csv"}).status_code == 422


def test_walking_the_pages_gives_every_event_once_newest_first(staff_client, account):
    for n in range(250):
        job_rows.event(account=account, file_id=f"f{n}", actor_name="walker")
    seen: list[int] = []
    url = f"{reverse('medialib:audit')}?actor=walker&every=1"
    while url:
        answer = staff_client.get(url)
        seen += numbers(answer)
        link = soup(answer).select_one(".pager a[rel=next]")
        url = reverse("medialib:audit") + link["href"] if link else ""
    assert seen == list(AuditEvent.objects.filter(actor_name="walker").values_list("pk", flat=True))


def test_newer_leads_back_to_where_one_came_from(staff_client, account):
    for n in range(250):
        job_rows.event(account=account, file_id=f"f{n}")
    newest = search.page(AuditFilter())
    older = search.page(AuditFilter(), before=newest.older)
    back = search.page(AuditFilter(), after=older.newer)
    assert [event.pk for event in back.events] == [event.pk for event in newest.events]
    assert back.newer is None


def test_list_costs_the_same_queries_for_one_and_many(staff_client, account, django_assert_max_num_queries):
    for count in (1, 50):
        for n in range(count):
            job_rows.event(account=account, file_id=f"f{count}-{n}")
        with django_assert_max_num_queries(12):
            staff_client.get(reverse("medialib:audit"), {"every": "1"})


def test_csv_holds_the_filtered_events_and_the_download_is_recorded(staff_client, two):
    answer = staff_client.get(
        reverse("medialib:audit-export"), {"format": "csv", "path": "/old"}, REMOTE_ADDR="192.0.2.7"
    )
    rows = list(csv.DictReader(body(answer).splitlines()))
    assert [int(row["sequence"]) for row in rows] == [two[0].pk]
    event = AuditEvent.objects.get(event=EventKind.AUDIT_EXPORTED)
    assert (event.actor_name, event.address, event.detail["filter"]) == ("sam", "192.0.2.7", {"path": "/old"})


def test_json_lines_hold_all_events_up_to_the_download(staff_client, two):
    answer = staff_client.get(reverse("medialib:audit-export"), {"format": "jsonl"})
    sequences = {json.loads(line)["sequence"] for line in body(answer).splitlines()}
    assert {event.pk for event in two} <= sequences
    assert AuditEvent.objects.get(event=EventKind.AUDIT_EXPORTED).pk not in sequences


def test_unknown_format_records_nothing(staff_client, two):
    assert staff_client.get(reverse("medialib:audit-export"), {"format": "pdf"}).status_code == 422
    assert not AuditEvent.objects.filter(event=EventKind.AUDIT_EXPORTED).exists()


@pytest.mark.parametrize("name", ["audit", "audit-export", "audit-file"])
def test_log_is_closed_to_people_without_the_permission(client, db, name):
    client.force_login(factories.user(permissions=("view_library", "delete_files")))
    assert client.get(reverse(f"medialib:{name}"), {"format": "csv"}).status_code == 403
    client.force_login(factories.user(is_staff=False, permissions=factories.EVERY_PERMISSION))
    assert client.get(reverse(f"medialib:{name}"), {"format": "csv"}).status_code == 403


def test_strangers_are_sent_to_sign_in(client, db):
    assert client.get(reverse("medialib:audit"))["Location"].startswith(reverse("medialib:sign-in"))


def test_history_tells_what_happened_to_a_file(staff_client, staff, account):
    done = job_rows.finished(job_rows.manifest(account, staff, ["/brand/logo.png"]), ["deleted"])
    item = done.manifest.items.get()
    job_rows.event(
        account=account, job=done, file_id=item.file_id, file_path=item.path, outcome="deleted", evidence="HTTP 200"
    )
    answer = staff_client.get(reverse("medialib:file-history", args=[account.name, item.file_id]))
    assert all(part in text(answer) for part in ("/brand/logo.png", "HTTP 200", f"job {done.pk}", "deleted"))


def test_history_outlives_index_and_account(staff_client):
    job_rows.event(account_name="gone-account", file_id="f9", file_path="/x.jpg", outcome="deleted")
    answer = staff_client.get(reverse("medialib:file-history", args=["gone-account", "f9"]))
    assert answer.status_code == 200
    assert "/x.jpg" in text(answer)


def test_history_of_an_unknown_file_does_not_exist(staff_client, account):
    assert staff_client.get(reverse("medialib:file-history", args=[account.name, "nothing"])).status_code == 404


@pytest.mark.parametrize("asked", ["/brand/logo.png", "f9"])
def test_one_find_leads_straight_to_the_history(staff_client, asked):
    job_rows.event(account_name="acme", file_id="f9", file_path="/brand/logo.png", outcome="deleted")
    answer = staff_client.get(reverse("medialib:audit-file"), {"q": asked})
    assert answer["Location"] == reverse("medialib:file-history", args=["acme", "f9"])


def test_files_that_shared_a_path_are_all_offered(staff_client, account):
    job_rows.event(account=account, file_id="f1", file_path="/brand/logo.png")
    now_there = factories.asset(account, "/brand/logo.png")
    links = {
        link.get_text()
        for link in soup(staff_client.get(reverse("medialib:audit-file"), {"q": "/brand/logo.png"})).select("main li a")
    }
    assert {"f1", now_there.file_id} <= links


@pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "/nowhere.png"}])
def test_find_without_a_find_offers_the_search(staff_client, query):
    assert soup(staff_client.get(reverse("medialib:audit-file"), query)).select_one("main input[name=q]")


def test_what_strangers_wrote_is_shown_as_text(staff_client, account):
    job_rows.event(account=account, file_id="f1", file_path="/<script>x</script>.jpg", reason='"><img src=x>')
    for query in ({}, {"every": "1"}):
        page = soup(staff_client.get(reverse("medialib:audit"), query))
        assert "<script>x</script>.jpg" in page.main.get_text()
        assert not page.select("main script, main img")
