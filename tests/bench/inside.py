"""Measurements inside a scratch installation: python -m tests.bench.inside NAME NUMBER."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import django
from django.db import connection, transaction
from django.db.models import Min
from django.utils.timezone import now

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.test import Client  # noqa: E402

from medialib.models import (  # noqa: E402
    Account,
    Asset,
    AuditEvent,
    DeletionJob,
    Exchange,
    Item,
    Manifest,
    SelectionItem,
)
from medialib.services.audit.log import SYSTEM, Actor  # noqa: E402
from medialib.services.jobs import controls  # noqa: E402
from medialib.services.manifests import freezing  # noqa: E402
from tests import factories  # noqa: E402

ITEM, ASSET, EVENT = (model._meta.db_table for model in (Item, Asset, AuditEvent))
EVIDENCE = "ImageKit listed it as deleted (HTTP 200)."


def count_files(_: int) -> str:
    return json.dumps(Asset.objects.filter(removed_at__isnull=True).count())


def freeze(_files: int) -> str:
    """Freeze the whole library of the one account and confirm it. Seconds of the freezing, and the job."""
    account, actor = Account.objects.get(), Actor.person(User.objects.get())
    started = time.monotonic()
    manifest = freezing.freeze_assets(account, Asset.objects.live(account), source={"kind": "bench"}, actor=actor)
    seconds = time.monotonic() - started
    job = controls.open_deletion_job(manifest=manifest, actor=actor, reason="bench", start_after_s=0)
    return json.dumps({"job": job.pk, "seconds": seconds})


def job_seconds(job: int) -> str:
    """Seconds from a job's first call to the last row about it, or null while it is not finished."""
    row = DeletionJob.objects.get(pk=job)
    first = Exchange.objects.filter(batch__job=row).aggregate(at=Min("sent_at"))["at"]
    return json.dumps((row.finished_at - first).total_seconds() if row.finished_at and first else None)


def bare_rows(files: int) -> str:
    """Seconds of executemany for the same rows, a hundred a transaction: the item, its outcome, its event."""
    manifest = _manifest(files)
    key = _key(manifest)
    at = now()
    insert = (
        f"INSERT INTO {ITEM} (manifest_id, position, file_id, path, size_bytes, file_updated_at, outcome, evidence)"
        " VALUES (%s, %s, %s, %s, %s, %s, '', '')"
    )
    update = (
        f"UPDATE {ITEM} SET outcome = %s, evidence = %s, http_status = 200, settled_at = %s"
        " WHERE manifest_id = %s AND position = %s"
    )
    columns = (
        "time, event, actor_name, address, request_id, account_id, account_name, file_id, file_path, size_bytes,"
        " outcome, evidence, http_status, reason, detail"
    )
    event = (
        f"INSERT INTO {EVENT} ({columns}) VALUES"
        " (%s, 'file.settled', 'admin', '', 'r', %s, 'b', %s, %s, 1234, 'deleted', %s, 200, 'bench', '{}')"
    )
    started = time.monotonic()
    for numbers in _hundreds(files):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(insert, [(key, n, f"{n:024x}", _path(n), 1234, at) for n in numbers])
    for numbers in _hundreds(files):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(update, [("deleted", EVIDENCE, at, key, n) for n in numbers])
            cursor.executemany(event, [(at, manifest.account_id, f"{n:024x}", _path(n), EVIDENCE) for n in numbers])
    return str(time.monotonic() - started)


def freeze_many(files: int) -> str:
    """Seconds of the bare INSERT … SELECT, and of freezing the same files with their hash."""
    bare_manifest = _manifest(files)
    account = bare_manifest.account
    Asset.objects.bulk_create(_assets(account, files), batch_size=5000)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {ASSET}")
    insert = (
        f"INSERT INTO {ITEM} (manifest_id, position, file_id, path, size_bytes, file_updated_at, outcome, evidence)"
        " SELECT %s, row_number() OVER (ORDER BY file_id) - 1, file_id, path, size_bytes, updated_at, '', ''"
        f" FROM {ASSET} WHERE account_id = %s AND removed_at IS NULL ORDER BY file_id"
    )
    started = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(insert, [_key(bare_manifest), account.pk])
    bare_s = time.monotonic() - started
    started = time.monotonic()
    freezing.freeze_assets(account, Asset.objects.live(account), source={"kind": "bench"}, actor=SYSTEM)
    return json.dumps({"bare": bare_s, "freeze": time.monotonic() - started})


def _manifest(files: int) -> Manifest:
    account = Account.objects.create(name="b", url_endpoint="https://ik.imagekit.io/b")
    return Manifest.objects.create(
        account=account,
        frozen_by_name="b",
        frozen_at=now(),
        sha256="",  # Files can be added to it.
        file_count=files,
        total_bytes=0,
        library_count=files,
    )


def _key(manifest: Manifest) -> str:
    return manifest.pk.hex if connection.vendor == "sqlite" else str(manifest.pk)


def _hundreds(files: int) -> Iterator[range]:
    for start in range(0, files, 100):
        yield range(start, min(start + 100, files))


def _path(number: int) -> str:
    return f"/old/{number // 500}/{number:07}.jpg"


def _assets(account: Account, files: int) -> Iterator[Asset]:
    at = now()
    for number in range(files):
        path: dict[str, Any] = {"path": _path(number), "name": f"{number:07}.jpg", "folder": f"/old/{number // 500}"}
        yield Asset(
            account=account,
            file_id=f"{number * 7919 % files:024x}",
            kind="image",
            format="jpg",
            size_bytes=number,
            created_at=at,
            updated_at=at,
            **path,
        )


def people(count: int) -> str:
    """Persons who may do everything, each signed in, with a thousand files of their own to tick."""
    assets = list(Asset.objects.filter(path__startswith="/keep/").order_by("pk").values_list("pk", flat=True))
    found = []
    for number in range(count):
        person = factories.user(f"person-{number}", permissions=factories.EVERY_PERMISSION)
        client = Client()
        client.force_login(person)
        found.append(
            {"name": person.username, "session": client.session.session_key, "assets": assets[number::count][:1000]}
        )
    return json.dumps(found)


def ticked(_: int) -> str:
    """The files that each person has ticked."""
    found: dict[str, list[int]] = {}
    for name, asset in SelectionItem.objects.values_list("selection__owner__username", "asset_id"):
        found.setdefault(name, []).append(asset)
    return json.dumps(found)


MEASUREMENTS: dict[str, Callable[[int], str]] = {
    "count-files": count_files,
    "freeze": freeze,
    "job-seconds": job_seconds,
    "bare-rows": bare_rows,
    "freeze-many": freeze_many,
    "people": people,
    "ticked": ticked,
}

if __name__ == "__main__":
    print(MEASUREMENTS[sys.argv[1]](int(sys.argv[2])))
