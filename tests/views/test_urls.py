"""There is one way in, and no account can stand in the way of a page."""

from __future__ import annotations

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from medialib.services.accounts.accounts import RESERVED_NAMES


def test_the_admin_sends_people_to_the_products_sign_in(client: Client) -> None:
    response = client.get("/admin/login/?next=/admin/medialib/account/")
    assert (response.status_code, response.headers["Location"]) == (302, "/sign-in/?next=/admin/medialib/account/")


def first_words(patterns: list[URLPattern | URLResolver]) -> set[str]:
    """The fixed first parts of all addresses; those that begin with an account have none."""
    found = set()
    for pattern in patterns:
        route = str(pattern.pattern)
        if route:
            found.add(route.partition("/")[0])
        elif isinstance(pattern, URLResolver):
            found |= first_words(pattern.url_patterns)
    return {word for word in found if not word.startswith("<")}


def test_no_account_can_take_the_address_of_a_page() -> None:
    assert first_words(get_resolver().url_patterns) | {"static"} == RESERVED_NAMES
