"""There is one way in."""

from __future__ import annotations

from django.test import Client


def test_the_admin_sends_people_to_the_products_sign_in(client: Client) -> None:
    response = client.get("/admin/login/?next=/admin/medialib/account/")
    assert (response.status_code, response.headers["Location"]) == (302, "/sign-in/?next=/admin/medialib/account/")
