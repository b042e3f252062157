"""A generated library: the same files on each database, with the unevenness of a real one."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from medialib.models import Account, Asset, AssetKind
from medialib.models.query import search, sqlite_planner
from medialib.models.query.folding import fold

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
DAYS = 2400
WORDS = [
    "hero",
    "banner",
    "product",
    "summer",
    "winter",
    "autumn",
    "spring",
    "sale",
    "logo",
    "icon",
    "team",
    "office",
    "launch",
    "event",
    "portrait",
    "landscape",
    "city",
    "beach",
    "mountain",
    "coffee",
    "shoe",
    "jacket",
    "dress",
    "watch",
    "phone",
    "laptop",
    "camera",
    "garden",
    "kitchen",
    "bedroom",
    "sofa",
    "table",
    "chair",
    "lamp",
    "mirror",
    "floor",
    "wall",
    "roof",
    "window",
    "door",
    "street",
    "market",
    "bridge",
    "river",
    "forest",
    "ocean",
    "desert",
    "sunset",
    "sunrise",
    "night",
    "morning",
    "people",
    "family",
    "child",
    "dog",
    "cat",
    "horse",
    "bird",
    "flower",
    "tree",
    "leaf",
    "stone",
    "metal",
    "wood",
    "glass",
    "paper",
    "fabric",
    "leather",
    "cotton",
    "linen",
    "silk",
    "blue",
    "green",
    "red",
    "yellow",
    "purple",
    "orange",
    "black",
    "white",
    "silver",
    "gold",
    "bronze",
    "vintage",
    "modern",
    "classic",
    "minimal",
    "bold",
    "größe",
    "café",
    "ångström",
    "żółty",
    "写真",
    "фото",
]
KINDS = [
    (AssetKind.IMAGE, ["jpg", "jpg", "jpg", "png", "webp", "avif", "gif", "svg"], 850),
    (AssetKind.VIDEO, ["mp4", "mp4", "mov", "webm"], 90),
    (AssetKind.DOCUMENT, ["pdf", "pdf", "docx"], 45),
    (AssetKind.AUDIO, ["mp3", "wav"], 10),
    (AssetKind.OTHER, ["zip", "woff2"], 5),
]
COLUMNS = [
    "account_id",
    "file_id",
    "name",
    "path",
    "folder",
    "search_text",
    "search_name",
    "kind",
    "format",
    "mime",
    "size_bytes",
    "width",
    "height",
    "tags",
    "ai_tags",
    "custom_metadata",
    "is_private",
    "is_published",
    "version_name",
    "version_id",
    "url",
    "thumbnail_url",
    "created_at",
    "updated_at",
    "removal",
]
SLICE = 5_000


def fill(account: Account, count: int) -> None:
    """Write `count` files. Indexes are made afterwards, as that is quicker."""
    indexes = Asset._meta.indexes
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(Asset, index)
    search.remove(connection)
    rows = library(account, count)
    while batch := list(itertools.islice(rows, SLICE)):
        _write(batch)
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.add_index(Asset, index)
    search.install(connection)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")
    sqlite_planner.teach(connection)  # What it was told of an index goes with the index.
    connection.close()  # The next one reads it.


def library(account: Account, count: int) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of COLUMNS, oldest first."""
    dice = random.Random(4)
    kinds = [kind for kind, _, share in KINDS for _ in range(share)]
    formats = {kind: each for kind, each, _ in KINDS}
    span_s = DAYS * 86400
    for number in range(count):
        kind = dice.choice(kinds)
        extension = dice.choice(formats[kind])
        created = FIRST + timedelta(seconds=span_s * number / count + dice.random() * 60)
        later_s = (FIRST + timedelta(days=DAYS) - created).total_seconds() if dice.random() < 0.3 else 0
        folder = _folder(dice, created)
        name = f"{dice.choice(WORDS)}-{dice.choice(WORDS)}-{number:07}.{extension}"
        path = f"{folder}/{name}"
        is_flat = kind in (AssetKind.IMAGE, AssetKind.VIDEO)
        yield (
            account.pk,
            f"{number:024x}",
            name,
            path,
            folder,
            fold(path),
            fold(name),
            kind.value,
            extension,
            f"{kind.value}/{extension}",
            int(dice.lognormvariate(12.5, 1.6)),
            dice.choice((320, 640, 800, 1024, 1600, 1920, 3000, 4096)) + dice.randrange(9) if is_flat else None,
            dice.choice((240, 480, 600, 768, 900, 1080, 2000, 2160)) + dice.randrange(9) if is_flat else None,
            json.dumps(_tags(dice, number)),
            "[]",
            json.dumps({"brand": dice.choice(WORDS), "stars": dice.randrange(6)} if dice.random() < 0.1 else {}),
            dice.random() < 0.005,
            dice.random() > 0.003,
            "Version 1" if dice.random() < 0.95 else f"Version {dice.randrange(2, 9)}",
            "",
            f"{account.url_endpoint}{path}",
            f"{account.url_endpoint}/tr:n-ik_ml_thumbnail{path}",
            created,
            created + timedelta(seconds=later_s * dice.random()),
            "",
        )


def _folder(dice: random.Random, created: datetime) -> str:
    roll = dice.random()
    if roll < 0.23:
        return f"/archive/{created:%Y/%m}/{dice.choice(WORDS[:20])}"
    if roll < 0.231:
        return "/a/very/deep/folder/of/ten/levels/is/here"
    return f"/{dice.choice(WORDS[:40])}/{dice.choice(WORDS)}/{created:%Y}/{dice.randrange(4)}"


def _tags(dice: random.Random, number: int) -> list[str]:
    tags = {f"tag-{min(int(dice.paretovariate(0.8)), 500)}" for _ in range(dice.choice((0, 0, 1, 2, 3)))}
    return sorted(tags | ({"seldom"} if number % 20_000 == 7 else set()))


def _write(rows: list[tuple[Any, ...]]) -> None:
    names = ", ".join(COLUMNS)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor, cursor.copy(f"COPY medialib_asset ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join(["?"] * len(COLUMNS))
    adapted = [tuple(f"{v:%Y-%m-%d %H:%M:%S.%f}" if isinstance(v, datetime) else v for v in row) for row in rows]
    connection.ensure_connection()
    connection.connection.execute("BEGIN")
    connection.connection.executemany(f"INSERT INTO medialib_asset ({names}) VALUES ({marks})", adapted)
    connection.connection.execute("COMMIT")
