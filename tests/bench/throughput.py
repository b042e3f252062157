"""Files settled a second with no limit and no latency, as a share of what the bare rows cost; memory; freezing."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from medialib.sandbox.server import Sandbox
from tests.bench.engine import SUPERUSER, wait_for
from tests.bench.report import Row
from tests.bench.scratch import environment, manage, small

FILES = 20_000 if small() else 100_000
MANY = 100_000 if small() else 1_000_000
FAST = {"IMAGEKIT_HEADROOM": "0", "IMAGEKIT_START_RATE": "100000"}


def rows() -> list[Row]:
    found = []
    for database in ("sqlite", "postgresql"):
        ours, _ = settle(database, FILES)
        bare = bare_rows(database, FILES)
        share = bare / ours
        found.append(
            Row(
                f"{FILES:,} files frozen, sent and settled: {database}",
                f"{FILES / ours:,.0f} files/s, {share:.0%} of the bare rows' {FILES / bare:,.0f} files/s",
                "≥ 25 %",
                share >= 0.25,
            )
        )
    _, memory = settle("sqlite", MANY)
    found.append(
        Row(f"Memory of the worker at {MANY:,} files: sqlite", f"{memory:.0f} MiB", "≤ 150 MiB", memory <= 150)
    )
    found += [freezing(database) for database in ("sqlite", "postgresql")]
    return found


def settle(database: str, files: int) -> tuple[float, float]:
    """Seconds from the frozen confirmation to the last outcome, freezing included, and the worker's memory in MiB."""
    with Sandbox() as sandbox, environment(database, **FAST) as env:
        sandbox.add_files([{"path": f"/old/{n // 500}/{n:07}.jpg"} for n in range(files)])
        manage(
            env,
            "addaccount",
            "b",
            "--url-endpoint",
            sandbox.url_endpoint,
            "--api-url",
            sandbox.api_url,
            stdin="private_sandbox",
        )
        manage(env, "shell", "-c", SUPERUSER)
        manage(env, "synclibrary", "b")
        worker = subprocess.Popen([sys.executable, "manage.py", "runworker"], env=env, stderr=subprocess.DEVNULL)
        try:
            time.sleep(4)
            answer = json.loads(manage(env, "shell", "-c", _FREEZE).splitlines()[-1])
            wait_for(lambda: len(sandbox.calls("delete")) >= files // 100, within_s=3600)
            wait_for(lambda: not sandbox.file_ids(), within_s=60)
            last_call = max(call.at_monotonic for call in sandbox.calls("delete"))
            memory = _peak_mib(worker.pid)
            while '"job.finished"' not in manage(env, "exportaudit", "--job", str(answer["job"])):
                time.sleep(0.5)
        finally:
            worker.kill()
            worker.wait()
        first_call = sandbox.calls("delete")[0].at_monotonic
        return answer["seconds"] + last_call - first_call, memory


def _peak_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


_FREEZE = """
import json, time
from django.contrib.auth.models import User
from medialib.models import Account, Asset
from medialib.services import freezing, jobs
from medialib.services.audit import Actor
account, actor = Account.objects.get(), Actor.person(User.objects.get())
started = time.monotonic()
manifest = freezing.freeze_assets(account, Asset.objects.live(account), source={"kind": "bench"}, actor=actor)
seconds = time.monotonic() - started
job = jobs.open_deletion_job(manifest=manifest, actor=actor, reason="bench", start_after_s=0)
print(json.dumps({"job": job.pk, "seconds": seconds}))
"""


def bare_rows(database: str, files: int) -> float:
    """Seconds for executemany of the same rows: one item and one event a file, and the outcome written to the item."""
    with environment(database, **FAST) as env:
        return float(manage(env, "shell", "-c", _BARE.replace("FILES", str(files))).splitlines()[-1])


_BARE = """
import time
from django.db import connection, transaction
from medialib.models import Account, AuditEvent, Item, Manifest
from django.utils.timezone import now
account = Account.objects.create(name="b", url_endpoint="https://ik.imagekit.io/b")
at = now()
manifest = Manifest.objects.create(account=account, frozen_by_name="b", frozen_at=at, sha256="0" * 64, file_count=FILES, total_bytes=0, library_count=FILES)
key = manifest.pk.hex if connection.vendor == "sqlite" else str(manifest.pk)
evidence = "ImageKit listed it as deleted (HTTP 200)."
def slices(rows):
    for start in range(0, FILES, 100):
        yield [rows(n) for n in range(start, min(start + 100, FILES))]
item = f"INSERT INTO {Item._meta.db_table} (manifest_id, position, file_id, path, size_bytes, file_updated_at, outcome, evidence) VALUES (%s, %s, %s, %s, %s, %s, '', '')"
outcome = f"UPDATE {Item._meta.db_table} SET outcome = %s, evidence = %s, http_status = 200, settled_at = %s WHERE manifest_id = %s AND position = %s"
event = f"INSERT INTO {AuditEvent._meta.db_table} (time, event, actor_name, address, request_id, account_id, account_name, file_id, file_path, size_bytes, outcome, evidence, http_status, reason, detail) VALUES (%s, 'file.settled', 'admin', '', 'r', %s, 'b', %s, %s, 1234, 'deleted', %s, 200, 'bench', '{{}}')"
started = time.monotonic()
for rows in slices(lambda n: (key, n, f"{n:024x}", f"/old/{n // 500}/{n:07}.jpg", 1234, at)):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(item, rows)
for rows in slices(lambda n: n):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(outcome, [("deleted", evidence, at, key, n) for n in rows])
        cursor.executemany(event, [(at, account.pk, f"{n:024x}", f"/old/{n // 500}/{n:07}.jpg", evidence) for n in rows])
print(time.monotonic() - started)
"""


def freezing(database: str) -> Row:
    """Freezing with its hash against the bare INSERT … SELECT of the same rows."""
    with environment(database, **FAST) as env:
        answer = json.loads(manage(env, "shell", "-c", _FREEZE_MANY.replace("FILES", str(MANY))).splitlines()[-1])
    ratio = answer["freeze"] / answer["bare"]
    return Row(
        f"Freezing {MANY:,} files with their hash: {database}",
        f"{answer['freeze']:.1f} s, {ratio:.1f} × the bare INSERT … SELECT",
        "≤ 3 ×",
        ratio <= 3,
    )


_FREEZE_MANY = """
import json, time, uuid
from django.db import connection, transaction
from django.utils.timezone import now
from medialib.models import Account, Asset, Item, Manifest
from medialib.services import freezing
from medialib.services.audit import SYSTEM
account = Account.objects.create(name="b", url_endpoint="https://ik.imagekit.io/b")
at = now()
def assets():
    for n in range(FILES):
        path = f"/old/{n // 500}/{n:07}.jpg"
        yield Asset(account=account, file_id=f"{n * 7919 % FILES:024x}", name=f"{n:07}.jpg", path=path, folder=f"/old/{n // 500}", kind="image", format="jpg", size_bytes=n, created_at=at, updated_at=at)
Asset.objects.bulk_create(assets(), batch_size=5000)
if connection.vendor == "postgresql":
    connection.cursor().execute(f"ANALYZE {Asset._meta.db_table}")
def bare():
    manifest = Manifest.objects.create(account=account, frozen_by_name="b", frozen_at=at, sha256="0" * 64, file_count=FILES, total_bytes=0, library_count=FILES)
    key = manifest.pk.hex if connection.vendor == "sqlite" else str(manifest.pk)
    started = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {Item._meta.db_table} (manifest_id, position, file_id, path, size_bytes, file_updated_at, outcome, evidence) SELECT %s, row_number() OVER (ORDER BY file_id) - 1, file_id, path, size_bytes, updated_at, '', '' FROM {Asset._meta.db_table} WHERE account_id = %s AND removed_at IS NULL ORDER BY file_id", [key, account.pk])
    return time.monotonic() - started
bare_s = bare()
started = time.monotonic()
freezing.freeze_assets(account, Asset.objects.live(account), source={"kind": "bench"}, actor=SYSTEM)
print(json.dumps({"bare": bare_s, "freeze": time.monotonic() - started}))
"""
