"""Programs that call the API in tests: a token, and requests that carry it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.test import Client
from django.utils.timezone import now

from medialib.models import ApiToken, TokenScope
from medialib.services.accounts import tokens

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpResponse

ALL_SCOPES = tuple(TokenScope.values)


def token_for(person: User, scopes: Iterable[str] = ALL_SCOPES, **fields: Any) -> tuple[ApiToken, str]:
    """A token as somebody would have made it who could use all of its scopes then."""
    secret = f"{tokens.PREFIX}{person.pk}-{ApiToken.objects.count()}"
    made = {
        "name": "cleaner",
        "digest": tokens.digest_of(secret),
        "last_four": secret[-4:],
        "scopes": list(scopes),
        "created_at": now(),
        "expires_at": now() + timedelta(days=1),
        "busy_until": now() - timedelta(days=1),
    }
    return ApiToken.objects.create(user=person, **made | fields), secret


class Program:
    """Shows its token with each request, and nothing else: a client without cookies."""

    def __init__(self, person: User, scopes: Iterable[str] = ALL_SCOPES, **fields: Any) -> None:
        self.token, self.secret = token_for(person, scopes, **fields)
        self.client = Client()

    def ask(self, method: str, path: str, body: Any = None, *, key: str = "", **query: Any) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.secret}"} | ({"Idempotency-Key": key} if key else {})
        content = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return self.client.generic(  # type: ignore[no-any-return]
            method, f"/api/v1{path}", headers=headers, query_params=query, **content
        )

    def get(self, path: str, **query: Any) -> Any:
        answer = self.ask("GET", path, **query)
        assert answer.status_code == 200, answer.content
        return answer.json()  # type: ignore[attr-defined]

    def post(self, path: str, body: Any = None, *, key: str = "") -> Any:
        answer = self.ask("POST", path, body, key=key)
        assert answer.status_code in (200, 201, 202), answer.content
        return answer.json()  # type: ignore[attr-defined]

    def refused(self, method: str, path: str, body: Any = None, *, key: str = "", **query: Any) -> tuple[int, str]:
        """Status and kind of a problem, held to the shape that each has."""
        return kind_of(self.ask(method, path, body, key=key, **query))


def kind_of(answer: Any) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content
    said = answer.json()
    assert said["status"] == answer.status_code
    assert "Traceback" not in said["detail"]
    assert "\n" not in said["detail"]
    assert said["detail"].endswith("."), said["detail"]
    assert said["title"]
    return answer.status_code, said["type"].removeprefix("urn:medialib:problem:")
