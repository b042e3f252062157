from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import responses

from medialib.imagekit.client import ImageKitClient
from tests.imagekit.authority import Authority
from tests.imagekit.servers import RawServer, Script

KEY = "private_s3cr3tForTests="
PROXY_VARIABLES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NETRC",
)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy, CA bundle or netrc of the machine reaches a test."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    """ImageKit's API, answered in this process."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def waits() -> list[float]:
    """How long the client would have slept, in order."""
    return []


@pytest.fixture
def client_of(waits: list[float]) -> Iterator[Callable[..., ImageKitClient]]:
    made: list[ImageKitClient] = []

    def make(key: str = KEY, **options: Any) -> ImageKitClient:
        made.append(ImageKitClient(key, sleep=waits.append, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(client_of: Callable[..., ImageKitClient]) -> ImageKitClient:
    return client_of()


@pytest.fixture
def serve() -> Iterator[Callable[[Script], RawServer]]:
    """Start a raw server that runs a script for each connection."""
    started: list[RawServer] = []

    def start(script: Script) -> RawServer:
        started.append(RawServer(script))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))
