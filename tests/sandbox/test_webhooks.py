"""The events that a change sends to an account's webhooks, received and verified as a stranger would."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from imagekitio import ImageKit
from standardwebhooks import WebhookVerificationError

from medialib.sandbox.server import Sandbox
from tests.sandbox.conftest import Api


class Receiver(ThreadingHTTPServer):
    """Takes events in. `status` is what it answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}/events?account=a"
        self.status = 200
        self.received: list[tuple[str, dict[str, str], str]] = []


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.received.append((self.path, {name.lower(): text for name, text in self.headers.items()}, body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def world(sandbox, receiver):
    """A library that is there before anybody listens."""
    sandbox.add_file("1" * 24, "/a/1.jpg")
    sandbox.add_file("2" * 24, "/a/b/2.jpg")
    sandbox.replace("2" * 24, size=5)
    sandbox.add_webhook(receiver.address)
    return sandbox


def events(sandbox: Sandbox) -> list[tuple[str, str]]:
    """The events so far, each with what it is about: a path, or what is left of a thing that is gone."""
    assert sandbox.wait_for_webhooks()
    sent = [message.event for message in sandbox.webhook_messages()]
    return [(event["type"], about(event["data"])) for event in sent]


def about(data: dict[str, Any]) -> str:
    return data.get("filePath") or data.get("folderPath") or "+".join(data)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda world: world.add_file(path="/x/y/3.jpg"), ["folder.created /x", "folder.created /x/y", "file.created"]),
        (lambda world: world.move("1" * 24, "/a/b"), ["file.updated /a/b/1.jpg"]),
        (lambda world: world.rename("1" * 24, "9.jpg"), ["file.updated /a/9.jpg"]),
        (lambda world: world.replace("1" * 24, size=9), ["file-version.created /a/1.jpg"]),
        (lambda world: world.retag("1" * 24, tags=["x"]), ["file.updated /a/1.jpg"]),
        (lambda world: world.set_metadata("1" * 24, a=1), ["file.updated /a/1.jpg"]),
        (lambda world: world.remove("1" * 24), ["file.deleted fileId"]),
        (lambda world: world.remove("2" * 24), ["file.deleted fileId", "file-version.deleted fileId+versionId"]),
        (lambda world: world.rename_folder("/a", "z"), ["folder.updated /z", "folder.updated /z/b"]),
        (
            lambda world: world.move_folder("/a/b", "/"),
            ["folder.created /b", "folder.deleted folderId"],
        ),
        (
            lambda world: world.move_folder("/a", "/q"),
            ["folder.created /q/a", "folder.created /q", "folder.created /q/a/b"] + 2 * ["folder.deleted folderId"],
        ),
        (
            lambda world: world.remove_folder("/a"),
            2 * ["file.deleted fileId"] + ["file-version.deleted fileId+versionId"] + 2 * ["folder.deleted folderId"],
        ),
    ],
)
def test_a_change_sends_the_documented_events(world, change, expected):
    change(world)
    told = [f"{kind} {what}" for kind, what in events(world)]
    assert [line.startswith(wanted) for line, wanted in zip(sorted(told), sorted(expected), strict=True)] == [
        True for _ in expected
    ], told


def test_events_come_in_the_order_in_which_things_happened(world):
    for number in range(20):
        world.rename("1" * 24, f"{number}.jpg")
    assert events(world) == [("file.updated", f"/a/{number}.jpg") for number in range(20)]


def test_a_renamed_folder_keeps_its_id_in_its_event_and_a_moved_ones_old_id_is_deleted(world):
    with Api(world) as api:
        ids = {row["folderPath"]: row["folderId"] for row in api.list(type="folder")}
    world.rename_folder("/a/b", "z")
    world.move_folder("/a/z", "/")
    assert events(world)
    renamed, made, gone = [message.event["data"] for message in world.webhook_messages()]
    assert renamed["folderId"] == gone["folderId"] == ids["/a/b"] != made["folderId"]
    assert gone == {"folderId": ids["/a/b"]}


def test_calls_send_events_too(world):
    with Api(world) as api:
        form = {"fileName": "u.txt", "useUniqueFileName": "false"}
        for _ in range(2):
            api.post("/api/v1/files/upload", data=form, files={"file": ("u.txt", b"x")})
        api.patch(f"/v1/files/{'1' * 24}/details", json={"tags": ["x"]})
        api.post("/v1/folder", json={"folderName": "made", "parentFolderPath": "/"})
        api.post("/v1/files/copy", json={"sourceFilePath": "/a/1.jpg", "destinationPath": "/made"})
        api.delete_many(["1" * 24])
    assert events(world) == [
        ("file.created", "/u.txt"),
        ("file-version.created", "/u.txt"),
        ("file.updated", "/a/1.jpg"),
        ("folder.created", "/made"),
        ("file.created", "/made/1.jpg"),
        ("file.deleted", "fileId"),
    ]


def test_an_event_is_signed_as_the_official_client_verifies(sandbox, receiver):
    secret = sandbox.add_webhook(receiver.address)
    file_id = sandbox.add_file(path="/a.jpg")
    assert sandbox.wait_for_webhooks()
    ((path, headers, body),) = receiver.received
    assert path == "/events?account=a"
    with ImageKit(private_key="private_sandbox", base_url=sandbox.api_url) as client:
        event = client.webhooks.unwrap(body, headers=headers, key=secret)
        assert (event.type, event.data.file_id, event.id) == ("file.created", file_id, headers["webhook-id"])
        with pytest.raises(WebhookVerificationError):
            client.webhooks.unwrap(body, headers=headers, key=secret + "x")


def test_only_a_webhook_that_is_enabled_and_subscribed_hears_of_an_event(sandbox, api, receiver):
    sandbox.add_webhook(receiver.address, ["file.deleted"])
    file_id = sandbox.add_file(path="/a.jpg")
    sandbox.remove(file_id)
    (row,) = api.get("/v1/accounts/webhooks").json()
    api.patch(f"/v1/accounts/webhooks/{row['id']}", json={"enabled": False})
    sandbox.remove(sandbox.add_file(path="/b.jpg"))
    assert events(sandbox) == [("file.deleted", "fileId")]
    assert len(receiver.received) == 1


def test_an_endpoint_that_fails_is_asked_once_and_holds_nothing_up(sandbox, receiver):
    receiver.status = 503
    sandbox.add_webhook("http://127.0.0.1:1/nobody")
    sandbox.add_webhook(receiver.address)
    sandbox.add_file(path="/a.jpg")
    assert sandbox.wait_for_webhooks()
    assert [message.status for message in sandbox.webhook_messages()] == [None, 503]


def test_webhooks_are_kept_between_two_runs(tmp_path):
    with Sandbox(data_dir=tmp_path) as sandbox, Api(sandbox) as api:
        sandbox.add_webhook("http://127.0.0.1:1/a")
        sandbox.add_webhook("http://127.0.0.1:1/b")
        first, second = api.get("/v1/accounts/webhooks").json()
        api.delete(f"/v1/accounts/webhooks/{first['id']}")
        with Sandbox(data_dir=tmp_path) as killed, Api(killed) as other:
            assert other.get("/v1/accounts/webhooks").json() == [second]
    with Sandbox(data_dir=tmp_path) as again, Api(again) as other:
        assert other.get("/v1/accounts/webhooks").json() == [second]
