"""Which addresses may receive a key."""

from __future__ import annotations

import socket

import pytest

from medialib.errors import Refused, WrongUse
from medialib.services.accounts import addresses

PRIVATE = [
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "::127.0.0.1",
    "fec0::1",
    "0.0.0.0",
    "224.0.0.1",
]


@pytest.fixture(autouse=True)
def strict(settings, monkeypatch):
    settings.IMAGEKIT_ALLOW_PRIVATE_API = False
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def resolve_to(monkeypatch, *found):
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers)


def clean(url):
    return addresses.clean(url, what="API address")


def test_a_public_https_address_is_kept_without_its_last_slash():
    assert clean(" https://api.imagekit.io/ ") == "https://api.imagekit.io"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://api.imagekit.io", "must begin with https://"),
        ("ftp://api.imagekit.io", "must begin with https://"),
        ("api.imagekit.io", "not a valid address"),
        ("https://", "not a valid address"),
        ("https://api.imagekit.io:port", "not a valid address"),
        ("https://api.imagekit.io/a b", "not a valid address"),
        ("https://api.imagekit.io/; script-src *", "not a valid address"),
        ("https://api.imagekit.io/\r\nX: y", "not a valid address"),
        ("https://user:secret@api.imagekit.io", "user name or password"),
        ("https://api.imagekit.io?key=secret", "must not contain a query"),
        ("https://api.imagekit.io#part", "must not contain a query"),
        ("https://localhost", "not a public address"),
        ("https://storage.internal", "not a public address"),
        ("https://127.1", "not a public address"),
        ("https://2130706433", "not a public address"),
        ("https://0x7f000001", "not a public address"),
        ("https://" + "a" * 300 + ".com", "not a valid address"),
    ],
)
def test_an_address_that_must_not_be_called_is_refused_in_one_sentence(url, sentence):
    with pytest.raises(WrongUse, match=sentence) as refusal:
        clean(url)
    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_ip_address_is_refused(address):
    with pytest.raises(WrongUse, match="not a public address"):
        clean(f"https://[{address}]" if ":" in address else f"https://{address}")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8010", "http://localhost:8010", "https://10.0.0.1", "http://[::1]:80"]
)
def test_the_sandbox_setting_allows_plain_http_and_loopback(settings, url):
    settings.IMAGEKIT_ALLOW_PRIVATE_API = True
    assert clean(url) == url
    addresses.refuse_private(url, what="API address")


@pytest.mark.parametrize("address", PRIVATE)
def test_a_public_name_that_leads_into_a_private_network_is_refused(monkeypatch, address):
    resolve_to(monkeypatch, "93.184.216.34", address)
    with pytest.raises(Refused, match="leads into a private network"):
        addresses.refuse_private("https://api.example.com", what="API address")


def test_a_public_name_with_public_addresses_passes(monkeypatch):
    resolve_to(monkeypatch, "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")
    addresses.refuse_private("https://api.example.com", what="API address")


def test_behind_a_proxy_the_name_is_not_looked_up_here(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    resolve_to(monkeypatch, "10.0.0.1")
    addresses.refuse_private("https://api.example.com", what="API address")


def test_a_name_that_does_not_resolve_is_left_to_the_call(monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    addresses.refuse_private("https://api.example.com", what="API address")
