"""Where a request came from: what a stranger writes into a header counts only behind the proxy that is trusted."""

from __future__ import annotations

import pytest

from medialib.auth.clients import address_of


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "198.51.100.7", "192.0.2.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (1, "", "192.0.2.1"),
        (1, "forged\nline", ""),
        (2, "198.51.100.7", "192.0.2.1"),
    ],
)
def test_the_address_is_the_one_that_can_be_trusted(rf, settings, proxies, header, address):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = rf.get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=header)
    assert address_of(request) == address
