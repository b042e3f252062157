"""Measures one database, in a process of its own: python -m tests.bench.library_inside 1000000. Prints JSON."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.http import QueryDict  # noqa: E402
from django.test import Client, RequestFactory  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils.timezone import now  # noqa: E402

from medialib.forms.library import ListQuery  # noqa: E402
from medialib.imagekit.types import RemoteFile  # noqa: E402
from medialib.models import Account, Asset, SelectionItem, SyncRun, SyncState  # noqa: E402
from medialib.models.query.filters import AssetFilter  # noqa: E402
from medialib.models.query.orders import AssetCursor, AssetSort, in_order  # noqa: E402
from medialib.models.query.paging import page_of  # noqa: E402
from medialib.services.library import summary  # noqa: E402
from medialib.services.selections import list_imports, ticks  # noqa: E402
from medialib.services.selections.list_reading import MOST_LINES  # noqa: E402
from medialib.services.sync.indexing import index_files, shown_values  # noqa: E402
from tests.bench.library_data import fill  # noqa: E402

RUNS, ROUNDS = 20, 2  # The peer runs once a round, as it takes seconds for some lists.
SORTS = {sort.value: sort for sort in AssetSort}
STOCK_COLUMNS = ["name", "folder", "kind", "format", "size_bytes", "created_at", "updated_at"]
STOCK_ORDER = {"name": 1, "created": 6, "updated": 7, "size": 5}
# Our address, the stock changelist's, and whether its bar is twenty times.
FILTERS = {
    "type image": ("kind=image", "kind__exact=image", True),
    "type audio": ("kind=audio", "kind__exact=audio", True),
    "format gif": ("format=gif", "format__exact=gif", True),
    "deep folder": (
        "folder=/a/very/deep/folder/of/ten/levels/is/here",
        "folder__exact=/a/very/deep/folder/of/ten/levels/is/here",
        True,
    ),
    "folder and below": ("folder=/archive&subfolders=1", "path__startswith=/archive/", True),
    "small branch": ("folder=/archive/2021/03&subfolders=1", "path__startswith=/archive/2021/03/", True),
    "over 100 MB": ("min_size=100000000", "size_bytes__gte=100000000", True),
    "over 10 MB": ("min_size=10000000", "size_bytes__gte=10000000", True),
    "created before": ("created_before=2020-03-01", "created_at__lt=2020-03-01", True),
    "older than 2 years": ("older_than=2y", "", False),
    "updated before": ("updated_before=2022-01-01", "updated_at__lt=2022-01-01", True),
    "unchanged for 4 years": ("unchanged_for=4y", "", False),
    "wide": ("min_width=4100", "width__gte=4100", True),
    "private": ("private=1", "is_private__exact=1", True),
    "not published": ("published=0", "is_published__exact=0", True),
    "has no tags": ("tagged=0", "", False),
    "frequent tag": ("tag=tag-1", "", False),
    "rare tag": ("tag=seldom", "", False),
    "versions": ("min_versions=3", "", False),
    "custom field": ("where=meta.brand:shoe", "", False),
    "and, or, not": ("where=(type:video OR size>5mb) AND age>1y AND NOT tag:tag-1", "", False),
}
SEARCHES = {
    "no hit": ("q=zzzqq", "q=zzzqq", True),
    "one hit": ("q=0777777", "q=0777777", True),
    "few hits": ("q=hero-banner", "q=hero-banner", True),
    "a word": ("q=shoe", "q=shoe", False),
    "an ending": ("q=jpg", "q=jpg", False),
    "umlaut": ("q=GRÖSSE", "q=größe", False),
    "three letters": ("q=gif", "q=gif", False),
}


class StockAdmin(admin.ModelAdmin):
    list_display = STOCK_COLUMNS
    search_fields = ["path"]
    ordering = ["-created_at"]


def measured(ask: Callable[[], object], runs: int, *, is_warm: bool = False) -> list[float]:
    """Milliseconds of each run, after one to warm up."""
    if not is_warm:
        ask()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    return times


def p95(times: list[float]) -> float:
    return sorted(times)[max(0, round(len(times) * 0.95) - 1)]


class Bench:
    def __init__(self, count: int) -> None:
        self.count = count
        self.account = Account.objects.create(name="bench", url_endpoint="https://ik.imagekit.io/bench")
        self.person = User.objects.create_superuser("bench", "", "x")
        settings.ALLOWED_HOSTS, settings.DEBUG = ["*"], False
        self.client = Client()
        self.client.force_login(self.person)
        self.say("filling")
        fill(self.account, count)
        SyncRun.objects.create(account=self.account, started_at=now(), finished_at=now(), state=SyncState.COMPLETE)

    def say(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {connection.vendor} {self.count}: {text}", file=sys.stderr, flush=True)

    def ours(self, query: str) -> Callable[[], object]:
        return lambda: self.get(f"/bench/library/?{query.replace('+', '%2B').replace('>', '%3E')}")

    def get(self, address: str) -> bytes:
        answer = self.client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
        return answer.content

    def case(self, ours: str, stock: str, is_counted: bool) -> dict[str, Any]:
        """The whole request as a person waits for it, and the part of it that finds the rows; beside the peer's.

        In rounds, because such machines are twice as quick at one time as at another.
        """
        asked: dict[str, tuple[Callable[[], object], int]] = {
            "whole": (self.ours(ours), RUNS // ROUNDS),
            "rows": (self.rows(ours), RUNS // ROUNDS),
        }
        if stock:
            asked["stock"] = (lambda: self.get(f"/admin/medialib/asset/?{stock}"), 1)
            asked["stock_rows"] = (self.stock_rows(stock), 1)
        times: dict[str, list[float]] = {name: [] for name in asked}
        for number in range(ROUNDS):
            for name, (ask, runs) in asked.items():
                times[name] += measured(ask, runs, is_warm=number > 0)
        found = {f"{name}_ms": statistics.median(each) for name, each in times.items()}
        found |= {"p95_ms": p95(times["whole"]), "rows_p95_ms": p95(times["rows"]), "is_counted": is_counted}
        self.say(f"{ours} " + " ".join(f"{name}={value:.1f}" for name, value in found.items()))
        return found

    def rows(self, query: str) -> Callable[[], object]:
        wanted = ListQuery.from_query(QueryDict(query.replace("+", "%2B").replace(">", "%3E")))
        live = Asset.objects.live(self.account)
        return lambda: page_of(live.matching(wanted.filter), wanted.sort, after=wanted.after).assets

    def stock_rows(self, query: str) -> Callable[[], object]:
        request = RequestFactory().get(f"/admin/medialib/asset/?{query}")
        request.user = self.person
        stock = admin.site.get_model_admin(Asset)
        return lambda: list(stock.get_changelist_instance(request).result_list)

    def pages(self) -> dict[str, Any]:
        return {
            "first page of each order": {
                value: self.case(f"sort={value}", self.stock_order(value), False) for value in SORTS
            },
            "page after 1,000 × next": {value: self.deep(sort) for value, sort in SORTS.items()},
            "each single filter": {name: self.case(*case) for name, case in FILTERS.items()},
            "few files in another order": {
                f"{name} by {sort}": self.case(f"{FILTERS[name][0]}&sort={sort}", "", False)
                for name in ("type audio", "over 100 MB", "rare tag", "private", "deep folder")
                for sort in ("name", "-updated")
            },
            "substring search": {name: self.case(*case) for name, case in SEARCHES.items()},
        }

    def stock_order(self, value: str, page: int = 0) -> str:
        column = STOCK_ORDER.get(value.removeprefix("-"))
        if column is None:
            return ""
        return f"o={'-' if value.startswith('-') else ''}{column}" + (f"&p={page}" if page else "")

    def deep(self, sort: AssetSort) -> dict[str, Any]:
        place = min(100_000, self.count - 200)
        cursor = self.cursor(sort, place).as_text().replace("+", "%2B").replace("&", "%26")
        return self.case(f"sort={sort.value}&after={cursor}", self.stock_order(sort.value, place // 100 + 1), True)

    def cursor(self, sort: AssetSort, place: int) -> AssetCursor:
        """Where the row at this place of the list stands."""
        for group in sort.groups:
            rows = in_order(Asset.objects.live(self.account).matching(group.filter).rows, group.order)
            if found := rows[place : place + 1].first():
                return AssetCursor.of(getattr(found, group.order.column), found.pk, sort, group.number)
            place -= rows.count()
        raise IndexError(place)

    def sidebar(self) -> dict[str, float]:
        asked = {
            "facets of the whole library": "/bench/library/facets/",
            "facets of a filter with many matches": "/bench/library/facets/?kind=image",
            "facets of a filter with few matches": "/bench/library/facets/?kind=audio",
            "facets of a search": "/bench/library/facets/?q=shoe",
            "folder tree": "/bench/library/folders/?folder=/archive/2021/03&subfolders=1",
        }
        return {name: p95(measured(lambda address=address: self.get(address), RUNS)) for name, address in asked.items()}

    def take(self) -> dict[str, Any]:
        wanted = AssetFilter(folder="/archive", subfolders=True)
        selection = ticks.selection_of(self.person, self.account)
        ours, bare, count = [], [], 0
        for _ in range(3):
            ticks.clear(selection)
            started = time.perf_counter()
            count = ticks.take_all_matching(selection, wanted)
            ours.append(time.perf_counter() - started)
            ticks.clear(selection)
            started = time.perf_counter()
            self.bare_insert(selection.pk)
            bare.append(time.perf_counter() - started)
        ticks.clear(selection)
        return {"count": count, "ours_s": min(ours), "bare_s": min(bare)}

    def bare_insert(self, selection_id: Any) -> None:
        stored = selection_id.hex if connection.vendor == "sqlite" else str(selection_id)
        false = "0" if connection.vendor == "sqlite" else "FALSE"
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {SelectionItem._meta.db_table} (selection_id, asset_id, is_from_all, is_excluded) "
                f"SELECT %s, id, NOT {false}, {false} FROM medialib_asset WHERE account_id = %s AND removed_at IS NULL "
                "AND path >= '/archive/' AND path < '/archive0'",
                [stored, self.account.pk],
            )

    def paste(self, lines: int) -> dict[str, float]:
        """A list of so many ids: seconds until it is taken in and until it is matched, and the longest transaction."""
        step = max(1, self.count // lines)
        content = "\r\n".join(f"{number * step:024x}" for number in range(min(lines, self.count))).encode()
        selection = ticks.selection_of(self.person, self.account)
        started = time.perf_counter()
        made = list_imports.begin(selection, BytesIO(content), user=self.person)
        parts = [time.perf_counter()]
        while not made.is_done:
            list_imports.go_on(made, for_s=0)
            parts.append(time.perf_counter())
        ticks.clear(selection)
        longest = max(after - before for before, after in pairwise(parts))
        return {"taken_in_s": parts[0] - started, "matched_s": parts[-1] - started, "longest_s": longest}

    def write(self) -> dict[str, float]:
        other = Account.objects.create(name="other", url_endpoint="https://ik.imagekit.io/other")
        files = [_remote(number) for number in range(10_000)]
        changed = [replace(file, size_bytes=file.size_bytes + 1, updated_at=now()) for file in files]
        rates = [self.index(other, each) for each in (files, changed, changed)]
        few = [_remote(number) for number in range(20_000, 20_500)]
        loop_new = self.loop(other, few)
        loop_known = self.loop(other, [replace(file, size_bytes=1) for file in few])
        return {
            "new": rates[0] / loop_new,
            "changed": rates[1] / loop_known,
            "unchanged": rates[2] / loop_known,
            "rows_s": rates[0],
        }

    def index(self, account: Account, files: list[RemoteFile]) -> float:
        run = SyncRun.objects.create(account=account, started_at=now(), heartbeat_at=now(), state="complete")
        started = time.perf_counter()
        for start in range(0, len(files), 1000):
            with transaction.atomic():
                index_files(run, files[start : start + 1000])
        return len(files) / (time.perf_counter() - started)

    def loop(self, account: Account, files: list[RemoteFile]) -> float:
        started = time.perf_counter()
        for file in files:
            Asset.objects.update_or_create(account=account, file_id=file.file_id, defaults=shown_values(file))
        return len(files) / (time.perf_counter() - started)

    def queries(self) -> tuple[str, bool]:
        """Of lists that are found in the same way, one of them a hundred times as long; and of others, to compare."""
        counts = {}
        for query in ("", "q=0777777", "q=hero-banner", "tag=tag-1", "tag=tag-30"):
            with CaptureQueriesContext(connection) as captured:
                self.ours(query)()
            counts[query] = len(captured)
        plain, one, hundred, frequent, middling = counts.values()
        others = f"{plain} without a filter, {frequent} and {middling} by a tag"
        return f"{one} for one file and {hundred} for a hundred; {others}", one == hundred

    def all(self) -> dict[str, Any]:
        self.say("counting")
        started = time.perf_counter()
        summary.rebuild(self.account)
        found: dict[str, Any] = {"rebuild_s": time.perf_counter() - started}
        found["first_ms"] = statistics.median(measured(self.ours(""), RUNS))
        if self.count <= 10_000:
            return found
        found["pages"] = self.pages()
        found["sidebar"] = self.sidebar()
        found["take"] = self.take()
        found["write"] = self.write()
        # The last, as PostgreSQL goes on for a while with the ticks that were taken back.
        found["paste"], found["long_list"] = self.paste(100_000), self.paste(MOST_LINES)
        found["queries"], found["steady"] = self.queries()
        return found


def _remote(number: int) -> RemoteFile:
    path = f"/synced/{number % 300}/{number * 7919 % 100_003:06}-{number}.jpg"
    at = now() - timedelta(seconds=number * 7919 % 10_000_019)
    row = {"fileId": f"s{number:023}", "filePath": path, "name": path.rpartition("/")[2], "size": number % 10_000_000}
    row |= {"fileType": "image", "mime": "image/jpeg", "tags": ["a", "b"], "url": f"https://ik.imagekit.io/other{path}"}
    file = RemoteFile.from_json(row | {"createdAt": at.isoformat(), "updatedAt": at.isoformat()})
    assert file is not None
    return file


def main() -> None:
    admin.site.register(Asset, StockAdmin)
    found = Bench(int(sys.argv[1])).all()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
