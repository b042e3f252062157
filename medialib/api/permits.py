"""Who may ask: a token that counts, used for what it is for, whose person has the right now."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables
from ninja.security import HttpBearer

from medialib.api.problems import ProblemFound, not_found
from medialib.auth import second_factor
from medialib.auth.clients import address_of
from medialib.models import Account, ApiToken, TokenScope
from medialib.services.accounts import tokens
from medialib.services.audit.log import Actor


class Permit(HttpBearer):
    """What an operation asks for: a scope of the token, and one of these rights of its person."""

    def __init__(self, scope: TokenScope, *rights: str) -> None:
        super().__init__()
        self.scope, self.rights = scope, rights

    @sensitive_variables("token")
    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        found = tokens.find(token)
        if found is None:
            return None
        request.user, request.token_mark = found.user, found.mark  # type: ignore[attr-defined]
        if wait_s := tokens.wait_for_turn(found):
            seconds = math.ceil(wait_s)
            text = f"This token has asked too often. Wait {seconds} s."
            raise ProblemFound("too-many-requests", text, headers={"Retry-After": str(seconds)})
        self._require(found)
        return found

    def _require(self, token: ApiToken) -> None:
        if second_factor.is_missing(token.user) and not token.is_by_provider:
            raise ProblemFound("right-missing", "medialib asks everybody for a second factor, and you have none.")
        if self.scope not in token.scopes:
            text = f"This needs a token with the scope “{self.scope}”; this one has {', '.join(token.scopes)}."
            raise ProblemFound("scope-missing", text, scope=self.scope.value)
        if not any(token.user.has_perm(f"medialib.{right}") for right in self.rights):
            text = f"“{token.user}” has not the right to do this ({' or '.join(self.rights)})."
            raise ProblemFound("right-missing", text, rights=list(self.rights))


@dataclass(frozen=True)
class Caller:
    """Who asks: the token and, by it, the person."""

    token: ApiToken
    user: User
    actor: Actor

    @classmethod
    def of(cls, request: HttpRequest) -> Caller:
        """Whoever made the token proved then who it is, and nobody has since: that is the time of the proof."""
        token: ApiToken = request.auth  # type: ignore[attr-defined]
        user: User = token.user
        return cls(token, user, Actor.person(user, address=address_of(request), proved_at=token.created_at))

    def account(self, name: str) -> Account:
        """Raises ProblemFound for one that the person may not see, as for one that does not exist."""
        account = Account.objects.visible_to(self.user).filter(name=name).first()
        if account is None:
            raise not_found("There is no account of this name, or you are no member of it.")
        return account
