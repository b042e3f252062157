"""What SQLite needs to find files by a part of their path, by a tag or by a custom field: two tables kept by triggers.

TEXT    FTS5 with the trigram tokenizer over Asset.search_text, which stays where it is (external content)
WORDS   one row for each tag and custom field of an asset, under a word such as "tag:home" or "meta:brand=acme"

PostgreSQL has GIN indexes instead, made by migrations. SQLite drops a table's triggers when a later migration rebuilds
it, so a post_migrate receiver puts them back. Without FTS5 there is no TEXT, and searches read the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import DatabaseError

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

TEXT = "medialib_asset_text"
WORDS = "medialib_asset_word"
TABLE = "medialib_asset"

# How many rows there are for a phrase or a word, but no more than a limit.
COUNT_TEXT = f"SELECT COUNT(*) FROM (SELECT 1 FROM {TEXT} WHERE {TEXT} MATCH %s LIMIT %s)"  # noqa: S608
COUNT_WORDS = f"SELECT COUNT(*) FROM (SELECT 1 FROM {WORDS} WHERE word = %s LIMIT %s)"  # noqa: S608

# The words of one row, from its tags, those that ImageKit's extensions gave, and custom_metadata. A list as a value
# counts by its elements.
WORDS_OF = """
    SELECT 'tag:' || t.value FROM json_each({row}.tags) AS t
    UNION SELECT 'tag:' || t.value FROM json_each({row}.ai_tags) AS t
    UNION SELECT 'meta:' || m.key FROM json_each({row}.custom_metadata) AS m WHERE m.type <> 'null'
    UNION SELECT 'meta:' || m.key || '=' || m.value FROM json_each({row}.custom_metadata) AS m WHERE m.type = 'text'
    UNION SELECT 'meta:' || m.key || '=' || e.value
        FROM json_each({row}.custom_metadata) AS m,
             json_each(CASE m.type WHEN 'array' THEN m.value ELSE '[]' END) AS e
        WHERE e.type = 'text'
"""
ADD_WORDS = (
    f"INSERT OR IGNORE INTO {WORDS} (word, asset_id) SELECT w.*, new.id FROM ({WORDS_OF.format(row='new')}) AS w;"  # noqa: S608
)
DROP_WORDS = f"DELETE FROM {WORDS} WHERE asset_id = old.id AND word IN ({WORDS_OF.format(row='old')});"  # noqa: S608
ADD_TEXT = f"INSERT INTO {TEXT} (rowid, search_text) VALUES (new.id, new.search_text);"  # noqa: S608
DROP_TEXT = f"INSERT INTO {TEXT} ({TEXT}, rowid, search_text) VALUES ('delete', old.id, old.search_text);"  # noqa: S608

WORD_TRIGGERS = {
    "asset_words_added": f"AFTER INSERT ON {TABLE} BEGIN {ADD_WORDS} END",
    "asset_words_removed": f"AFTER DELETE ON {TABLE} BEGIN {DROP_WORDS} END",
    "asset_words_changed": (
        f"AFTER UPDATE OF tags, ai_tags, custom_metadata ON {TABLE} WHEN old.tags IS NOT new.tags "
        "OR old.ai_tags IS NOT new.ai_tags OR old.custom_metadata IS NOT new.custom_metadata "
        f"BEGIN {DROP_WORDS} {ADD_WORDS} END"
    ),
}
TEXT_TRIGGERS = {
    "asset_text_added": f"AFTER INSERT ON {TABLE} BEGIN {ADD_TEXT} END",
    "asset_text_removed": f"AFTER DELETE ON {TABLE} BEGIN {DROP_TEXT} END",
    # Without the condition each sync would write the whole index anew.
    "asset_text_changed": (
        f"AFTER UPDATE OF search_text ON {TABLE} WHEN old.search_text IS NOT new.search_text "
        f"BEGIN {DROP_TEXT} {ADD_TEXT} END"
    ),
}
TRIGGERS = {name: f"CREATE TRIGGER {name} {body}" for name, body in (WORD_TRIGGERS | TEXT_TRIGGERS).items()}


def install(connection: BaseDatabaseWrapper) -> None:
    """Make tables and triggers and fill them from the assets; does nothing where all are in place."""
    if connection.vendor != "sqlite" or _is_complete(connection):
        return
    remove(connection)
    with connection.cursor() as cursor:
        _install_words(cursor)
        if _has_fts5(cursor):
            _install_text(cursor)
    _forget(connection)


def remove(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for name in TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute(f"DROP TABLE IF EXISTS {WORDS}")
        cursor.execute(f"DROP TABLE IF EXISTS {TEXT}")
    _forget(connection)


def has_text(connection: BaseDatabaseWrapper) -> bool:
    """Whether paths can be searched by an index. Asked once for each connection."""
    if connection.vendor != "sqlite":
        return True
    known = getattr(connection, "_medialib_has_text", None)
    if known is None:
        known = TEXT in _names(connection)
        connection._medialib_has_text = known  # type: ignore[attr-defined]
    return known


def phrase(text: str) -> str:
    """A text as FTS5 takes it for a text, whatever signs are in it."""
    return '"' + text.replace('"', '""') + '"'


def _is_complete(connection: BaseDatabaseWrapper) -> bool:
    found = _names(connection)
    with connection.cursor() as cursor:
        needed = {WORDS, *WORD_TRIGGERS} | ({TEXT, *TEXT_TRIGGERS} if _has_fts5(cursor) else set())
    return needed <= found


def _names(connection: BaseDatabaseWrapper) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE name GLOB 'medialib_asset_*' OR name GLOB 'asset_*'")
        return {row[0] for row in cursor.fetchall()}


def _has_fts5(cursor: Any) -> bool:
    """A Python may come with an SQLite that was built without FTS5, or before its trigrams."""
    try:
        cursor.execute("CREATE VIRTUAL TABLE temp.medialib_probe USING fts5(x, tokenize='trigram case_sensitive 1')")
        cursor.execute("DROP TABLE temp.medialib_probe")
    except DatabaseError:
        return False
    return True


def _install_words(cursor: Any) -> None:
    cursor.execute(
        f"CREATE TABLE {WORDS} (word TEXT NOT NULL, asset_id INTEGER NOT NULL, PRIMARY KEY (word, asset_id)) "
        "WITHOUT ROWID"
    )
    words = WORDS_OF.format(row="a")
    for select in words.split("UNION"):
        head, source = select.split("FROM", 1)
        cursor.execute(f"INSERT OR IGNORE INTO {WORDS} (word, asset_id) {head}, a.id FROM {TABLE} AS a, {source}")
    for name in WORD_TRIGGERS:
        cursor.execute(TRIGGERS[name])


def _install_text(cursor: Any) -> None:
    # The column is folded already, so the index need not fold again, by rules of its own.
    cursor.execute(
        f"CREATE VIRTUAL TABLE {TEXT} USING fts5(search_text, content='{TABLE}', content_rowid='id', "
        "tokenize='trigram case_sensitive 1')"
    )
    cursor.execute(f"INSERT INTO {TEXT} ({TEXT}) VALUES ('rebuild')")  # noqa: S608
    for name in TEXT_TRIGGERS:
        cursor.execute(TRIGGERS[name])


def _forget(connection: BaseDatabaseWrapper) -> None:
    connection._medialib_has_text = None  # type: ignore[attr-defined]
