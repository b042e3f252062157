"""What Django tells us: who signs in and out, and that migrations have run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from medialib.door.clients import address_of
from medialib.models import EventKind, append_only, asset_search, sqlite_planner
from medialib.services import audit
from medialib.services.audit import Actor

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.http import HttpRequest

TRIGGERS = ("medialib", "0010_audit_events_are_append_only")
SEARCH = ("medialib", "0023_asset_search")
MAX_NAME = 150


@receiver(user_logged_in, dispatch_uid="medialib.signed_in")
def record_signed_in(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    audit.record(EventKind.SIGNED_IN, actor=Actor.person(user, address=address_of(request)))


@receiver(user_logged_out, dispatch_uid="medialib.signed_out")
def record_signed_out(request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    if user is not None:  # Nobody was signed in.
        audit.record(EventKind.SIGNED_OUT, actor=Actor.person(user, address=address_of(request)))


@receiver(user_login_failed, dispatch_uid="medialib.sign_in_failed")
def record_sign_in_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Keeps the name that was tried, and never another part of the credentials."""
    tried = "".join(letter for letter in str(credentials.get("username", "")) if letter.isprintable())
    audit.record(EventKind.SIGN_IN_FAILED, actor=Actor(name=tried[:MAX_NAME], address=address_of(request)))


@receiver(connection_created, dispatch_uid="medialib.no_jit")
def do_without_jit(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """PostgreSQL takes our searches for long ones and compiles for 250 ms what then runs for one.

    Said after connecting: as an option of the connection, poolers such as PgBouncer would refuse it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET jit = off")


@receiver(post_migrate, dispatch_uid="medialib.keep_triggers")
def keep_triggers(app_config: Any, using: str, **kwargs: Any) -> None:
    """Put triggers back where a migration rebuilt their table, unless they were migrated away."""
    if app_config.name != "medialib":
        return
    connection = connections[using]
    applied = MigrationRecorder(connection).applied_migrations()
    if TRIGGERS in applied:
        append_only.install(connection)
    if SEARCH in applied:
        asset_search.install(connection)
        sqlite_planner.teach(connection)
