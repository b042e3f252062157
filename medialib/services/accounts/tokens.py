"""Tokens of programs: made by a person for a while, kept as hashes, and never able to do more than that person."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from medialib.errors import Refused, WrongUse
from medialib.models import ApiToken, EventKind, KeptAnswer, TokenScope
from medialib.services.audit import log
from medialib.services.audit.log import Actor
from medialib.services.base.clock import shared_now

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PREFIX = "medialib_"  # So that scanners of repositories and logs know one when they see it.
MAX_NAME = 80
MAX_TOKENS = 50  # Usable ones of one person.
MAX_DAYS = 366
BURST = 60  # Requests at once; further ones come at the pace of the setting.
ANSWERS_FOR = timedelta(days=7)
# The rights of which one makes a scope worth having; each request asks for its own.
RIGHTS_OF = {
    TokenScope.READ: ("view_library",),
    TokenScope.SELECT: ("view_library",),
    TokenScope.DELETE: ("delete_files",),
    TokenScope.CONTROL: ("delete_files", "view_library"),
    TokenScope.PROTECT: ("delete_files", "manage_keys"),
    TokenScope.AUDIT: ("view_audit",),
}


def scopes_for(user: User) -> list[TokenScope]:
    """What a token of this person could do."""
    return [scope for scope, rights in RIGHTS_OF.items() if any(user.has_perm(f"medialib.{right}") for right in rights)]


@sensitive_variables("secret")
def add_token(
    *, name: str, scopes: Collection[str], days: int, actor: Actor, is_by_provider: bool = False
) -> tuple[ApiToken, str]:
    """A new token of the actor, and its secret, which is never seen again.

    Raises WrongUse for no name, no or an unknown scope, or a time that is too long; Refused for a scope that the person
    could not use, or with very many tokens.
    """
    user, name, at = actor.user, name.strip(), shared_now()
    if user is None:
        raise Refused(_("Only a person can have tokens."))
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise WrongUse(_("Name the program that uses the token, in 1 to 80 letters."))
    if not scopes or not set(scopes) <= set(TokenScope.values):
        raise WrongUse(_("Choose what the token may be used for."))
    if not set(scopes) <= set(scopes_for(user)):
        raise Refused(_("A token cannot do more than you can. Leave out what you have no right to."))
    if not 1 <= days <= MAX_DAYS:
        raise WrongUse(_("A token is valid for 1 to %(count)s days."), count=MAX_DAYS)
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        if ApiToken.objects.of(user).usable(at).count() >= MAX_TOKENS:
            raise Refused(_("You have %(count)s tokens already. Revoke one first."), count=MAX_TOKENS)
        token = ApiToken.objects.create(
            user=user,
            name=name,
            digest=digest_of(secret),
            last_four=secret[-4:],
            scopes=[scope.value for scope in TokenScope if scope in scopes],
            created_at=at,
            expires_at=at + timedelta(days=days),
            busy_until=at,
            is_by_provider=is_by_provider,
        )
        log.record(EventKind.TOKEN_ADDED, actor=actor, detail=_shown(token))
    return token, secret


def revoke(token: ApiToken, *, actor: Actor) -> None:
    """It is refused from the next request on. Raises Refused when it was revoked before."""
    at = shared_now()
    with transaction.atomic():
        if not ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=at):
            raise Refused(_("This token was revoked before."))
        log.record(EventKind.TOKEN_REVOKED, actor=actor, detail=_shown(token))
    token.revoked_at = at


@sensitive_variables("secret")
def find(secret: str) -> ApiToken | None:
    """The token of this secret if it counts now: not revoked, not past its end, and its person may still come in."""
    if not secret.startswith(PREFIX):
        return None
    known = ApiToken.objects.usable(shared_now()).select_related("user")
    token = known.filter(digest=digest_of(secret)).first()
    return token if token and token.user.is_active and token.user.is_staff else None


def wait_for_turn(token: ApiToken) -> float:
    """Seconds until the token may ask again; 0 where it may now, and then this request is counted."""
    at, each = shared_now(), timedelta(minutes=1) / settings.API_CALLS_PER_MINUTE
    ahead = each * (min(BURST, settings.API_CALLS_PER_MINUTE) - 1)
    if ApiToken.objects.all().take_turn(token, at, each=each, ahead=ahead):
        return 0.0
    busy_until = ApiToken.objects.values_list("busy_until", flat=True).get(pk=token.pk)
    return max((busy_until - ahead - at).total_seconds(), 0.001)


def forget_answers(*, before: datetime | None = None) -> None:
    """Remove what was kept for requests that are sent twice, once nobody sends them again."""
    KeptAnswer.objects.older_than(before or shared_now() - ANSWERS_FOR).delete()


def digest_of(secret: str) -> str:
    """A plain hash is enough: nobody can try all values of 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _shown(token: ApiToken) -> dict[str, object]:
    return {
        "token": token.pk,
        "name": token.name,
        "last_four": token.last_four,
        "scopes": token.scopes,
        "expires_at": token.expires_at.isoformat(),
    }
