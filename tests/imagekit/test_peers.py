"""A name that leads elsewhere at the moment of the call (DNS rebinding) gets not one byte."""

from __future__ import annotations

import socket
import threading

import pytest

from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import ImageKitError, NotSent


@pytest.fixture
def listener():
    """A port of this machine that notes what it is sent."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            peer, _ = server.accept()
            with peer:
                heard.append(peer.recv(1000))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], heard
        thread.join(2)


def test_an_address_that_may_not_be_called_is_sent_nothing(listener):
    port, heard = listener
    asked = []
    client = ImageKitClient(
        "private_rebinding_key",
        api_url=f"http://localhost:{port}",
        peer_allowed=lambda address: bool(asked.append(address)),
        sleep=lambda seconds: None,
    )
    with client, pytest.raises(NotSent):
        client.delete_files(["file_a"])
    assert asked in (["127.0.0.1"], ["::1"])
    assert b"".join(heard) == b""


def test_an_allowed_address_is_called(listener):
    port, heard = listener
    client = ImageKitClient(
        "private_key", api_url=f"http://127.0.0.1:{port}", peer_allowed=lambda address: True, read_timeout_s=0.2
    )
    with client, pytest.raises(ImageKitError):
        client.delete_files(["file_a"])
    assert b"deleteByFileIds" in b"".join(heard)
