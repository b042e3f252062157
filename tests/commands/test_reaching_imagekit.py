"""With the address as shipped and nothing but HTTPS_PROXY and REQUESTS_CA_BUNDLE set, the whole product reaches a
stand-in for api.imagekit.io: key, sync, deletion, audit. The stand-in is the sandbox behind TLS."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from medialib.sandbox.server import Sandbox
from tests.imagekit.authority import Authority
from tests.imagekit.servers import RawServer, connect_proxy_to, over_tls, pipe

ALONE = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy")


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[tuple[Sandbox, dict[str, str], list[str]]]:
    """The sandbox, the environment that leads to it, and the hosts that were asked of the proxy."""
    authority, asked = Authority(tmp_path), []
    with Sandbox() as sandbox:

        def to_sandbox(sock: socket.socket) -> None:
            with socket.create_connection(("127.0.0.1", sandbox.port)) as inner:
                pipe(sock, inner)

        secure = RawServer(over_tls(authority.server_context("api.imagekit.io"), to_sandbox))
        proxy = RawServer(connect_proxy_to(secure.address, asked))
        env = {name: value for name, value in os.environ.items() if name not in (*ALONE, "DATABASE_URL")}
        env |= {
            "MEDIALIB_DATA_DIR": str(tmp_path / "data"),
            "HTTPS_PROXY": f"http://{proxy.address}",
            "REQUESTS_CA_BUNDLE": str(authority.bundle),
            "IMAGEKIT_ALLOW_PRIVATE_API": "0",
        }
        yield sandbox, env, asked
        proxy.close()
        secure.close()


def manage(env: dict[str, str], *arguments: str, stdin: str = "") -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, env=env, input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_shipped_address_is_reached_through_the_proxy(stand_in: tuple[Sandbox, dict[str, str], list[str]]) -> None:
    sandbox, env, asked = stand_in
    ids = sandbox.add_files([{"path": f"/old/{number}.jpg"} for number in range(120)])
    manage(env, "migrate", "--verbosity", "0")
    superuser = "from django.contrib.auth.models import User; User.objects.create_superuser('admin', '', 'x')"
    manage(env, "shell", "-c", superuser)
    manage(env, "addaccount", "acme", "--url-endpoint", "https://ik.imagekit.io/acme", stdin="private_sandbox")
    manage(env, "checkaccount", "acme")
    manage(env, "synclibrary", "acme")
    order = ["deletefiles", "acme", "--ids-file", "-", "--reason", "r", "--user", "admin", "--yes", "--wait"]
    manage(env, *order, "--start-after", "0", stdin="\n".join(ids))
    assert sandbox.file_ids() == set()
    assert set(asked) == {"api.imagekit.io:443"}
