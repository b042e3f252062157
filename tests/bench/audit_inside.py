"""The audit log inside a scratch installation: python -m tests.bench.audit_inside reads|exports|seal N."""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self

import django
from django.db import connection
from django.utils.timezone import now

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402

from medialib.imagekit.types import DeleteAnswer  # noqa: E402
from medialib.models import Account, Asset, AuditEvent  # noqa: E402
from medialib.services.accounts import keys  # noqa: E402
from medialib.services.audit import export, indexing, search  # noqa: E402
from medialib.services.audit.log import Actor  # noqa: E402
from medialib.services.audit.seal import sealing, verify  # noqa: E402
from medialib.services.audit.search import AuditFilter  # noqa: E402
from medialib.services.deletion import runner  # noqa: E402
from medialib.services.jobs import controls  # noqa: E402
from medialib.services.manifests import freezing  # noqa: E402

PEOPLE = ["kim", "sam", "alex", "noor"]
FIRST = date(2025, 1, 1)
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count}) ",
    "postgresql": "WITH n(i) AS (SELECT * FROM generate_series(0, {count} - 1)) ",
}
TIME = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', '2025-01-01', '+' || (i * {step}) || ' seconds')",
    "postgresql": "timestamptz '2025-01-01 00:00:00Z' + i * {step} * interval '1 second'",
}
FILL = """
    INSERT INTO medialib_auditevent (time, event, actor_id, actor_name, address, request_id, account_id, account_name,
        job_id, file_id, file_path, size_bytes, outcome, evidence, http_status, reason, detail)
    {numbers}
    SELECT {time}, 'file.settled', 1 + i / 7000 % 4,
        CASE i / 7000 % 4 WHEN 0 THEN 'kim' WHEN 1 THEN 'sam' WHEN 2 THEN 'alex' ELSE 'noor' END, '', 'req-' || i / 100,
        1 + i / 7000 % 3, 'account-' || i / 7000 % 3, 1 + i / 7000, 'file_' || i,
        '/' || CASE i % 5 WHEN 0 THEN 'products' WHEN 1 THEN 'campaigns' WHEN 2 THEN 'Größe' WHEN 3 THEN 'press'
            ELSE 'old' END
        || '/' || i % 700 || '/picture-' || i || '.jpg',
        1000 + i % 90000, CASE WHEN i % 997 = 0 THEN 'failed' WHEN i % 89 = 0 THEN 'already_gone' ELSE 'deleted' END,
        'ImageKit listed it as deleted (HTTP 200).', 200, 'Old season, agreed with marketing', '{{}}' FROM n
"""


def fill(count: int) -> None:
    for number in range(3):
        Account.objects.create(name=f"account-{number}", url_endpoint=f"https://ik.imagekit.io/{number}")
    numbers = NUMBERS[connection.vendor].format(count=count)
    time_ = TIME[connection.vendor].format(step=40_000_000 / count)
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(numbers=numbers, time=time_).replace("%", "%%"), [])


class Obliging:
    """Stands in for ImageKit: deletes at once, so that all that is measured is our own work."""

    def delete_files(self, file_ids: list[str]) -> DeleteAnswer:
        return DeleteAnswer(frozenset(file_ids), {}, 200, "req")

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def cost(files: int) -> dict[str, float]:
    """Seconds of settling the same number of files alone, and beside a thread that does what a sweep does for the log.

    In turn, seven times each, and the middle one of the seven ratios counts: others use this machine too.
    """
    keys.client_for = lambda *_: Obliging()  # type: ignore[assignment,misc,return-value]
    alone, beside = [], []
    for turn in range(7):
        alone.append(settle(f"alone-{turn}", files))
        sealing.seal_all(within_s=600)
        is_over = threading.Event()
        sweep = threading.Thread(target=seal_until, args=[is_over])
        sweep.start()
        beside.append(settle(f"beside-{turn}", files))
        is_over.set()
        sweep.join()
        sealing.seal_all(within_s=600)
    ratio = statistics.median(b / a for a, b in zip(alone, beside, strict=True))
    return {"alone": min(alone), "ratio": ratio, "files": files}


def seal_until(is_over: threading.Event) -> None:
    while not is_over.wait(2.0):
        sealing.seal_due()
        indexing.catch_up_beside_work()
    connection.close()


def settle(name: str, files: int) -> float:
    """Seconds that a worker needs for a job of so many files when ImageKit answers at once."""
    user, _ = User.objects.get_or_create(username="bench", defaults={"is_superuser": True})
    actor = Actor.person(user)
    account = Account.objects.create(name=name, url_endpoint="https://ik.imagekit.io/bench")
    at, ids = now(), [f"{number:024x}" for number in range(files)]
    Asset.objects.bulk_create(
        Asset(account=account, file_id=file_id, path=f"/old/{file_id}.jpg", name=f"{file_id}.jpg", folder="/old",
              kind="image", format="jpg", size_bytes=1, created_at=at, updated_at=at)
        for file_id in ids
    )  # fmt: skip
    manifest = freezing.freeze_assets(account, Asset.objects.live(account), source={"kind": "bench"}, actor=actor)
    job = controls.open_deletion_job(manifest=manifest, actor=actor, reason="bench", start_after_s=0)
    began = time.perf_counter()
    runner.run_to_end(job)
    spent = time.perf_counter() - began
    job.refresh_from_db()
    assert job.deleted == files, job.deleted
    return spent


def seal(count: int) -> dict[str, Any]:
    """Processor time an event of sealing, and the speed of sealing and verifying."""
    fill(count)
    began, cpu = time.perf_counter(), time.process_time()
    sealing.seal_all(within_s=3600)
    sealed_s, sealed_cpu = time.perf_counter() - began, time.process_time() - cpu
    began = time.perf_counter()
    assert verify.verify().is_whole
    return {
        "seal_us": sealed_cpu / count * 1e6,
        "seal_per_s": count / sealed_s,
        "verify_per_s": count / (time.perf_counter() - began),
    }


def exports(count: int) -> dict[str, Any]:
    """How fast both exports are beside a bare cursor that writes the same file, and what memory they take."""
    fill(count)
    bare = {"jsonl": timed(lambda: write(bare_jsonl())), "csv": timed(lambda: write(bare_csv()))}
    streams = {"jsonl": export.stream_jsonl, "csv": export.stream_csv}
    ours = {name: timed(lambda s=stream: write(s(AuditEvent.objects.all()))) for name, stream in streams.items()}
    tracemalloc.start()
    write(export.stream_jsonl(AuditEvent.objects.filter(pk__lte=100_000)))
    peak = tracemalloc.get_traced_memory()[1]
    return {"share": {name: bare[name] / ours[name] for name in ours}, "events": count, "seconds": ours, "peak": peak}


def bare_jsonl() -> Iterator[str]:
    for names, rows in bare_rows():
        yield "".join(json.dumps(dict(zip(names, map(str, row), strict=True))) + "\n" for row in rows)


def bare_csv() -> Iterator[str]:
    for _, rows in bare_rows():
        yield export._csv(rows)


def bare_rows() -> Iterator[tuple[list[str], list[Any]]]:
    columns = ", ".join({"pk": "id"}.get(name, name) for name in export.COLUMNS.values())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM medialib_auditevent ORDER BY id")
        names = [column[0] for column in cursor.description]
        while rows := cursor.fetchmany(2_000):
            yield names, rows


def write(pieces: Iterator[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "out", "w", encoding="utf-8", newline="") as file:
        file.writelines(pieces)


def timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def reads(count: int) -> dict[str, Any]:
    """Milliseconds of a page of the list for each kind of question, many times each."""
    fill(count)
    sealing.seal_all(within_s=3600)
    indexing.catch_up(budget_s=None)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    root, dice = User.objects.create_superuser("root"), random.Random(5)
    times = {name: [1000 * timed(lambda q=ask: q(dice, count, root)) for _ in range(20)] for name, ask in ASKED.items()}
    every = [value for some in times.values() for value in some]
    return {
        "p95": statistics.quantiles(every, n=20)[-1],
        "median": statistics.median(every),
        "worst": {name: round(statistics.quantiles(some, n=20)[-1], 1) for name, some in times.items()},
    }


def page(wanted: AuditFilter, root: User, **place: int) -> None:
    search.page(wanted, viewer=root, **place)


def day(dice: random.Random) -> date:
    return FIRST + timedelta(days=dice.randrange(460))


def days(dice: random.Random) -> dict[str, date]:
    first = day(dice)
    return {"after": first, "before": first + timedelta(days=dice.randrange(30))}


Ask = Callable[[random.Random, int, User], object]
ASKED: dict[str, Ask] = {
    "newest": lambda dice, n, root: page(AuditFilter(), root),
    "a later page": lambda dice, n, root: page(AuditFilter(), root, before=dice.randrange(n)),
    "actor": lambda dice, n, root: page(AuditFilter(actor=dice.choice(PEOPLE)), root, before=dice.randrange(n)),
    "account": lambda dice, n, root: page(AuditFilter(account=f"account-{dice.randrange(3)}"), root),
    "job": lambda dice, n, root: page(AuditFilter(job=1 + dice.randrange(n // 7000)), root),
    "event": lambda dice, n, root: page(AuditFilter(event=dice.choice(["job.finished", "file.settled"])), root),
    "outcome": lambda dice, n, root: page(AuditFilter(outcome=dice.choice(["failed", "deleted", "skipped"])), root),
    "actor and outcome": lambda dice, n, root: page(AuditFilter(actor="sam", outcome="failed"), root),
    "file": lambda dice, n, root: page(AuditFilter(file=f"file_{dice.randrange(n)}"), root),
    "some days": lambda dice, n, root: page(AuditFilter(**days(dice)), root),
    "days of a person": lambda dice, n, root: page(AuditFilter(actor=dice.choice(PEOPLE), **days(dice)), root),
    "path begins, rare": lambda dice, n, root: page(AuditFilter(path=f"/press/{dice.randrange(700)}/picture-9"), root),
    "path begins, common": lambda dice, n, root: page(AuditFilter(path="/products/"), root),
    "path contains, rare": lambda dice, n, root: page(AuditFilter(path=f"ture-{dice.randrange(n)}.j"), root),
    "path contains, common": lambda dice, n, root: page(AuditFilter(path="GRÖSSE"), root),
    "path contains, none": lambda dice, n, root: page(AuditFilter(path="nowhere"), root),
    "what happened to a path": lambda dice, n, root: search.files_at(
        f"/products/{(m := 5 * dice.randrange(n // 5)) % 700}/picture-{m}.jpg", viewer=root
    ),
}
MEASUREMENTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "seal": seal,
    "cost": cost,
    "exports": exports,
    "reads": reads,
}

if __name__ == "__main__":
    print(json.dumps(MEASUREMENTS[sys.argv[1]](int(sys.argv[2]))))
