"""What makes a long audit log quick to read: its paths in an index, and its outcomes summed by day.

Both are filled beside the work, from events that are sealed already: the transactions that delete files pay nothing.
They can be rebuilt from the log at any time and prove nothing by themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, models, transaction
from django.utils.translation import gettext_lazy as _

from medialib.models.query.search import phrase
from medialib.models.sql import BinaryTextField, quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

TABLE, TEXT = "medialib_auditpath", "medialib_audit_text"
Sql = tuple[str, tuple[Any, ...]]


class FoldedTextField(BinaryTextField):
    """A path without case, as models/query/folding.py folds it."""


class AuditPath(models.Model):
    event_id = models.BigIntegerField(primary_key=True)
    folded = FoldedTextField()

    class Meta:
        verbose_name, verbose_name_plural = _("audit path"), _("audit paths")

    def __str__(self) -> str:
        return self.folded


class AuditDay(models.Model):
    """What became of how many files on one day (UTC), for one account, person and outcome."""

    day = models.DateField()
    account_id = models.BigIntegerField(default=0, help_text="0 for none.")
    account_name = models.CharField(max_length=60, blank=True)
    actor_name = models.CharField(max_length=150, blank=True)
    outcome = models.CharField(max_length=12)
    files = models.PositiveIntegerField(default=0)
    size_bytes = models.BigIntegerField(default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("audit day"), _("audit days")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "account_id", "account_name", "actor_name", "outcome"], name="audit_day_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.files} {self.outcome} on {self.day}"


class _TextLookup(models.Lookup[Any]):
    """Of at least three letters, found by the index of runs of three: FTS5 on SQLite, pg_trgm on PostgreSQL."""

    prepare_rhs = False
    fts, like = "{phrase}", "%{term}%"

    def as_sqlite(self, compiler: Any, connection: Any) -> Sql:
        key = f"{quoted(compiler, self.lhs.alias)}.event_id"
        return (
            f"{key} IN (SELECT rowid FROM {TEXT} WHERE {TEXT} MATCH %s)",  # noqa: S608
            (self.fts.format(phrase=phrase(self.rhs)),),
        )

    def as_postgresql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} LIKE %s", (*params, self.like.format(term=connection.ops.prep_for_like_query(self.rhs)))


@FoldedTextField.register_lookup
class ContainsText(_TextLookup):
    """Whether the path contains this."""

    lookup_name = "found"


@FoldedTextField.register_lookup
class BeginsWithText(_TextLookup):
    """Whether the path begins with this."""

    lookup_name = "found_at_start"
    fts, like = "^{phrase}", "{term}%"


def install(connection: BaseDatabaseWrapper) -> None:
    """The text index. An SQLite built without FTS5 has none, and searches read the paths."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS audit_path_text ON {TABLE} "
                "USING gin (folded gin_trgm_ops) WITH (fastupdate = off)"
            )
            return
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute(
                    f"CREATE VIRTUAL TABLE IF NOT EXISTS {TEXT} USING fts5(folded, content='{TABLE}', "
                    "content_rowid='event_id', tokenize='trigram case_sensitive 1')"
                )
        except DatabaseError:
            return


def remove(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"DROP TABLE IF EXISTS {TEXT}" if connection.vendor == "sqlite" else "DROP INDEX IF EXISTS audit_path_text"
        )


def has_text(connection: BaseDatabaseWrapper) -> bool:
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = %s", [TEXT])
        return cursor.fetchone() is not None


def add_text(connection: BaseDatabaseWrapper, *, after: int, up_to: int) -> None:
    """Bring the text index in step with the new rows of AuditPath."""
    if connection.vendor == "sqlite" and has_text(connection):
        _copy(connection, f"INSERT INTO {TEXT} (rowid, folded) SELECT event_id, folded", after, up_to)


def forget(connection: BaseDatabaseWrapper, *, up_to: int) -> None:
    """Remove the paths of events that were archived."""
    if connection.vendor == "sqlite" and has_text(connection):
        _copy(connection, f"INSERT INTO {TEXT} ({TEXT}, rowid, folded) SELECT 'delete', event_id, folded", -1, up_to)
    AuditPath.objects.filter(event_id__lte=up_to).delete()


def forget_all(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor == "sqlite" and has_text(connection):
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {TEXT} ({TEXT}) VALUES ('delete-all')")  # noqa: S608
    AuditPath.objects.all().delete()


def is_text_whole(connection: BaseDatabaseWrapper) -> bool:
    """Whether the text index holds the paths that are there. PostgreSQL keeps its own by itself."""
    if connection.vendor != "sqlite" or not has_text(connection):
        return True
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {TEXT} ({TEXT}, rank) VALUES ('integrity-check', 1)")  # noqa: S608
    except DatabaseError:
        return False
    return True


def _copy(connection: BaseDatabaseWrapper, insert: str, after: int, up_to: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{insert} FROM {TABLE} WHERE event_id > %s AND event_id <= %s", [after, up_to])
