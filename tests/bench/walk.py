"""People who look at pages and tick files, each in a thread: python -m tests.bench.walk, its plan on standard input."""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

TOKEN = "a" * 32
PATIENCE_S = 60
PAGES = ("/b/library/", "/b/library/?folder=/keep/3", "/b/library/?name=17", "/jobs/", "/b/library/?sort=-size")


def walk(plan: dict[str, Any], person: dict[str, Any], start: threading.Barrier, found: list[dict[str, Any]]) -> None:
    """One request after the other until the time is over; at least one."""
    connection = http.client.HTTPConnection("127.0.0.1", plan["port"], timeout=PATIENCE_S)
    start.wait()
    time.sleep(random.uniform(0, plan["pause_s"]))
    until = time.monotonic() + plan["for_s"]
    for path, asset in steps(person["assets"]):
        began = time.perf_counter()
        status = ask(connection, person["session"], path, asset)
        spent = (time.perf_counter() - began) * 1000
        found.append({"name": person["name"], "status": status, "ms": spent, "ticks": asset})
        time.sleep(random.uniform(0.5, 1.5) * plan["pause_s"])
        if time.monotonic() >= until:
            return


def steps(assets: list[int]) -> Iterator[tuple[str, int]]:
    """A page, then a tick of a file that was not ticked before."""
    for number, asset in enumerate(assets):
        yield PAGES[number % len(PAGES)], 0
        yield "/b/selection/", asset


def ask(connection: http.client.HTTPConnection, session: str, path: str, asset: int) -> int:
    """The answer's status; 0 for none."""
    headers = {"Cookie": f"sessionid={session}; csrftoken={TOKEN}", "HX-Request": "true" if asset else "false"}
    body = None
    if asset:
        headers |= {"X-CSRFToken": TOKEN, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"action": "add", "asset": asset})
    try:
        connection.request("POST" if asset else "GET", path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
    return answer.status


def main() -> None:
    plan, found = json.load(sys.stdin), list[dict[str, Any]]()
    start = threading.Barrier(len(plan["people"]))
    threads = [threading.Thread(target=walk, args=[plan, person, start, found]) for person in plan["people"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
