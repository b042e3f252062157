"""Walking the whole list: each file that is there all the time is met, and the walk ends whatever the server does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.imagekit.errors import AnswerLost, BadRequest
from medialib.imagekit.types import Listing, RemoteFile
from medialib.services.sync import walk as crawl
from medialib.services.sync.walk import EndlessList, Walk

START = datetime(2024, 1, 1, tzinfo=UTC)
PAGE, OVERLAP = 5, 2


def file(number: int, created_ms: int) -> RemoteFile:
    created_at = START + timedelta(milliseconds=created_ms)
    row = {"fileId": f"f{number:04}", "filePath": f"/{number}.jpg", "createdAt": created_at.isoformat()}
    made = RemoteFile.from_json(row)
    assert made is not None
    return made


class Server:
    """Lists files as ImageKit does; `before_call` may change them, `is_deaf` makes it ignore questions."""

    def __init__(self, files: list[RemoteFile], *, is_deaf: bool = False) -> None:
        self.files = files
        self.is_deaf = is_deaf
        self.calls: list[tuple[int, str | None]] = []
        self.before_call: Callable[[], None] = lambda: None

    def list_files(self, *, skip: int, limit: int, sort: str, search_query: str | None = None) -> Listing:
        self.before_call()
        self.calls.append((skip, search_query))
        since = re.search(r'createdAt >= "([^"]*)"', search_query or "")
        bound = START.min if not since or self.is_deaf else datetime.fromisoformat(since[1])
        shown = [one for one in self.sorted() if one.created_at >= bound.replace(tzinfo=UTC)][skip : skip + limit]
        return Listing(tuple(shown), len(shown))

    def sorted(self) -> list[RemoteFile]:
        return sorted(self.files, key=lambda one: (one.created_at, one.file_id))

    def ids(self) -> set[str]:
        return {one.file_id for one in self.files}


def walk(server: Any) -> Walk:
    return Walk(server, page_size=PAGE, overlap=OVERLAP)


def met(server: Any) -> set[str]:
    return {one.file_id for page in walk(server).pages() for one in page}


# Milliseconds: many files in one second, some seconds apart, equal instants.
MOMENTS = [0, 1, 500, 999, 1000, 1001, 2500, 60_000]


@given(st.lists(st.sampled_from(MOMENTS), max_size=40), st.booleans())
@settings(deadline=None)
def test_a_quiet_library_is_met_as_a_whole(created: list[int], is_deaf: bool) -> None:
    server = Server([file(number, ms) for number, ms in enumerate(created)], is_deaf=is_deaf)
    assert met(server) == server.ids()


@given(
    st.lists(st.sampled_from(MOMENTS), min_size=15, max_size=60),
    st.booleans(),
    st.integers(0, 2**32),
    st.integers(0, 8),
)
@settings(deadline=None)
def test_files_that_stay_are_met_while_others_come_and_go(
    created: list[int], is_deaf: bool, seed: int, pace: int
) -> None:
    random = Random(seed)
    server = Server([file(number, ms) for number, ms in enumerate(created)], is_deaf=is_deaf)
    staying = {one.file_id for one in server.files if random.random() < 0.5}
    arrivals = iter(range(1000, 1020))

    def change() -> None:
        leaving = [one for one in server.files if one.file_id not in staying]
        gone = random.sample(leaving, min(pace, len(leaving)))
        server.files = [one for one in server.files if one not in gone]
        server.files += [file(number, 90_000) for number in [next(arrivals, None)] if number]

    server.before_call = change
    assert met(server) >= staying


def test_the_first_page_asks_no_question() -> None:
    server = Server([file(1, 0)])
    met(server)
    assert server.calls[0] == (0, None)


def test_after_a_full_page_it_asks_for_what_was_created_since_its_last_second() -> None:
    server = Server([file(number, number * 1000) for number in range(7)])
    met(server)
    assert server.calls[:2] == [(0, None), (0, 'type = "file" AND createdAt >= "2024-01-01T00:00:04"')]


def test_after_a_short_page_it_asks_once_more_behind_its_last_row() -> None:
    server = Server([file(number, number * 1000) for number in range(7)])
    met(server)
    assert server.calls[2:] == [(1, 'type = "file" AND createdAt >= "2024-01-01T00:00:06"')]


@given(st.lists(st.sampled_from(MOMENTS), max_size=40), st.booleans(), st.integers(1, PAGE), st.integers(0, 2**32))
@settings(deadline=None)
def test_a_server_that_answers_with_fewer_rows_than_asked_hides_nothing(
    created: list[int], is_deaf: bool, cap: int, seed: int
) -> None:
    random = Random(seed)

    class Short(Server):
        def list_files(self, **asked: Any) -> Listing:
            page = super().list_files(**asked)
            files = page.files[: random.randint(1, cap)]
            return Listing(files, len(files))

    server = Short([file(number, ms) for number, ms in enumerate(created)], is_deaf=is_deaf)
    assert met(server) == server.ids()


def test_a_file_without_a_time_is_met_and_ends_nothing() -> None:
    undated = RemoteFile.from_json({"fileId": "undated", "filePath": "/undated.jpg", "createdAt": None})
    assert undated

    class First(Server):
        def list_files(self, **asked: Any) -> Listing:
            if asked.get("search_query"):
                return super().list_files(**asked)
            self.calls.append((asked["skip"], None))
            shown = [undated, *self.sorted()][asked["skip"] :][:PAGE]
            return Listing(tuple(shown), len(shown))

    server = First([file(number, number * 1000) for number in range(12)])
    assert met(server) == {*server.ids(), "undated"}


def test_a_crowded_second_is_read_by_counting_rows() -> None:
    server = Server([file(number, 0) for number in range(12)])
    assert met(server) == server.ids()
    assert [skip for skip, _ in server.calls] == [0, 0, 3, 6, 9, 12]


def test_when_its_place_in_the_list_is_gone_it_looks_for_it_further_up() -> None:
    server = Server([file(number, 0) for number in range(14)], is_deaf=True)
    whole = server.files
    staying = {one.file_id for one in whole[5:]}

    def the_first_page_goes_before_the_third_call() -> None:
        server.files = whole[5:] if len(server.calls) >= 2 else whole

    server.before_call = the_first_page_goes_before_the_third_call
    assert met(server) >= staying


def test_a_server_that_ignores_questions_is_noticed() -> None:
    server = Server([file(number, number * 1000) for number in range(12)], is_deaf=True)
    deaf = walk(server)
    assert {one.file_id for page in deaf.pages() for one in page} == server.ids()
    assert not deaf.has_queries


def test_a_server_that_refuses_questions_is_read_by_counting_rows() -> None:
    class Refusing(Server):
        def list_files(self, **asked: Any) -> Listing:
            if asked.get("search_query"):
                raise BadRequest("Invalid search query.")
            return super().list_files(**asked)

    server = Refusing([file(number, number * 1000) for number in range(12)])
    assert met(server) == server.ids()


def test_an_unsorted_list_is_read_by_counting_rows() -> None:
    class Unsorted(Server):
        def sorted(self) -> list[RemoteFile]:
            return sorted(self.files, key=lambda one: one.file_id[::-1])

    server = Unsorted([file(number, number * 1000) for number in range(23)], is_deaf=True)
    assert met(server) == server.ids()


def endless_pages() -> Iterator[Any]:
    yield "the same page", lambda skip: [file(number, 0) for number in range(PAGE)]
    yield "always new files", lambda skip: [file(10_000 + next(counter), next(counter)) for _ in range(PAGE)]
    yield "two pages in turn", lambda skip: [file(next(counter) % 10, 0) for _ in range(PAGE)]


counter = iter(range(10**9))


@pytest.mark.parametrize("answer", [pytest.param(answer, id=name) for name, answer in endless_pages()])
def test_a_list_without_end_is_given_up(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless:
        def list_files(self, *, skip: int, **asked: Any) -> Listing:
            return Listing(tuple(answer(skip)), PAGE)

    monkeypatch.setattr(crawl, "MAX_PAGES", 50)
    with pytest.raises(EndlessList):
        met(Endless())


def test_files_from_the_future_end_the_walk() -> None:
    server = Server([file(number, 10**14) for number in range(PAGE)])
    with pytest.raises(EndlessList, match="clock"):
        met(server)


def test_an_error_of_the_client_comes_through() -> None:
    class Broken:
        def list_files(self, **asked: Any) -> Listing:
            raise AnswerLost("cut")

    with pytest.raises(AnswerLost):
        met(Broken())
