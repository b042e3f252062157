"""What Django tells us of the database: a new connection, and that migrations have run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from medialib.models import Asset, AuditEvent
from medialib.models.audit import append_only
from medialib.models.query import search, sqlite_planner

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@receiver(connection_created, dispatch_uid="medialib.no_jit")
def do_without_jit(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """PostgreSQL expects our searches to be long and compiles each for 250 ms, although it then runs for one.

    Said after connecting: as an option of the connection, poolers such as PgBouncer would refuse it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET jit = off")


@receiver(post_migrate, dispatch_uid="medialib.keep_triggers")
def keep_triggers(app_config: Any, using: str, **kwargs: Any) -> None:
    """Put triggers back where a migration rebuilt their table."""
    if app_config.name != "medialib":
        return
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if AuditEvent._meta.db_table in tables:
        append_only.install(connection)
    if Asset._meta.db_table in tables:
        search.install(connection)
        sqlite_planner.teach(connection)
