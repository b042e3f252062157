"""Tells SQLite's planner what a large library looks like.

SQLite knows nothing of a table that ANALYZE has not seen, and then takes an account's index for the narrowest way to
ten rows. The figures below are of a million files, in the form that SQLite documents for its table sqlite_stat1: rows
in the index, then rows that share its first column, its first two, and so on. Small libraries are quick in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "medialib_asset"
EACH = "1000000 1000000"
STATISTICS = {
    "asset_by_created": f"{EACH} 2 1",
    "asset_by_updated": f"{EACH} 2 1",
    "asset_by_name": f"{EACH} 2 1",
    "asset_by_size": f"{EACH} 2 1",
    "asset_by_path": f"{EACH} 2 1",
    "asset_by_format": f"{EACH} 20000 1",
    "asset_in_folder": f"{EACH} 100 2 1",
    "asset_of_kind": f"{EACH} 20000 2 1",
    "asset_of_format": f"{EACH} 20000 2 1",
    "asset_by_width": f"{EACH} 200 1",
    "asset_by_height": f"{EACH} 200 1",
    "asset_private": "10000 10000 2 1",
    "asset_unpublished": "10000 10000 2 1",
    "asset_of_versions": "50000 50000 2 1",
    "asset_untagged": "400000 400000 2 1",
    "asset_updated_early": "1000 1000 1",
    "sqlite_autoindex_medialib_asset_1": f"{EACH} 1",
}


def teach(connection: BaseDatabaseWrapper) -> None:
    """Write the figures, in place of others, and let this connection read them; later ones do so when they open."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sqlite_master")  # Makes the table of figures where there is none.
        cursor.execute("DELETE FROM sqlite_stat1 WHERE tbl = %s", [TABLE])
        rows = [(TABLE, name, figures) for name, figures in STATISTICS.items()]
        cursor.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)", rows)
        cursor.execute("ANALYZE sqlite_master")
