"""The sandbox itself: a local ImageKit that listens on a port. See docs/sandbox.md.

with Sandbox(files=2000) as sandbox:
    client = ImageKitClient("private_sandbox", api_url=sandbox.api_url)
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from medialib.sandbox.api import Api
from medialib.sandbox.cdn.cache import Cdn
from medialib.sandbox.cdn.delivery import Delivery
from medialib.sandbox.front import Front, Keys
from medialib.sandbox.http.answers import Response
from medialib.sandbox.http.calls import Call, CallLog, DeletedByCall
from medialib.sandbox.http.faults import Fault, Faults
from medialib.sandbox.http.hooks import Action, Hook, Hooks, Match
from medialib.sandbox.http.rates import Rates
from medialib.sandbox.http.requests import Request
from medialib.sandbox.http.wire import Server
from medialib.sandbox.library.files import File, as_ms, mime_of
from medialib.sandbox.library.library import Library, now_ms
from medialib.sandbox.library.sample import sample_files
from medialib.sandbox.library.store import Entry, Store
from medialib.sandbox.library.uploads import Uploads
from medialib.sandbox.routes import KINDS
from medialib.sandbox.webhooks.registrations import LIBRARY_EVENTS, Registrations
from medialib.sandbox.webhooks.sending import Message, Sender
from medialib.sandbox.world import World

_EXTRA = {
    "custom_metadata": "customMetadata",
    "custom_coordinates": "customCoordinates",
    "ai_tags": "AITags",
    "description": "description",
    "duration": "duration",
    "embedded_metadata": "embeddedMetadata",
}


class Sandbox(World):
    """Starts on entering the `with`, stops on leaving it. `port=0` takes a free one."""

    def __init__(
        self,
        *,
        files: int = 0,
        port: int = 0,
        host: str = "127.0.0.1",
        private_key: str = "private_sandbox",
        read_only_key: str = "private_sandbox_read_only",
        latency_ms: float = 0,
        rate: float | None = None,
        read_rate: float | None = None,
        rate_interval_ms: int = 1000,
        rate_headers: str = "always",
        imagekit_id: str = "demo",
        data_dir: Path | str | None = None,
        seed: int = 1,
        purge_quota: int = 1000,
        tells_webhooks: bool = True,
    ) -> None:
        self._store = Store(Path(data_dir)) if data_dir else None
        self._library = Library(seed=seed, store=self._store)
        journal = self._store.append if self._store else _forget_entry
        self._cdn = Cdn(quota=purge_quota, journal=journal)
        self._webhooks = Registrations(journal)
        self._sender = Sender(self._library, self._webhooks)
        self._log, self._faults, self._hooks = CallLog(), Faults(), Hooks(KINDS)
        uploads = Uploads(self._library, self._store)
        self._front = Front(
            api=Api(self._library, self._cdn, uploads, self._webhooks),
            delivery=Delivery(self._library, self._cdn, uploads, private_key),
            keys=Keys(private_key, read_only_key),
            rates=Rates(rate, read_rate, rate_interval_ms, rate_headers),
            faults=self._faults,
            hooks=self._hooks,
            log=self._log,
            imagekit_id=imagekit_id,
            latency_s=latency_ms / 1000,
        )
        # The port comes first: when it is taken, nothing of what is kept for it is touched.
        self._server = Server(host, port, self._respond)
        self.port = self._server.server_port
        self.api_url = self.upload_url = f"http://{_shown(host)}:{self.port}"
        self.url_endpoint = self._library.endpoint = self._cdn.endpoint = f"{self.api_url}/{imagekit_id}"
        self._front.api_url = self.api_url
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        try:
            self._load(files, seed)
            self._library.tell = self._sender.tell if tells_webhooks else None
        except BaseException:
            self._server.server_close()
            raise

    def _load(self, files: int, seed: int) -> None:
        if self._store and self._store.has_state:
            for entry in self._store.entries():
                self._library.restore(entry)
                self._cdn.restore(entry)
                self._webhooks.restore(entry)
        elif files:
            with self._library.unjournaled():  # A snapshot follows.
                self._library.add(sample_files(files, seed=seed, end_ms=now_ms()))
        self._save()

    def _save(self) -> None:
        if self._store:
            with self._library.lock:
                self._store.save(self._snapshot())

    def _snapshot(self) -> Iterable[Entry]:
        yield from self._library.snapshot()
        yield from self._cdn.snapshot()
        yield from self._webhooks.snapshot()

    def _respond(self, request: Request, connection: socket.socket) -> Response:
        return self._front.respond(request, connection)

    # Life ------------------------------------------------------------------------------------------------------------
    def __enter__(self) -> Self:
        self._thread.start()
        return self

    start = __enter__

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is None:
            self._hooks.raise_error()

    def stop(self) -> None:
        """Answer nobody any more, end all connections, and keep the files if there is a place for them."""
        self._front.stop()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.close_connections()
        self._server.server_close()
        self._sender.stop()
        self._save()
        if self._store:
            self._store.close()

    # Files -----------------------------------------------------------------------------------------------------------
    def add_file(
        self,
        file_id: str | None = None,
        path: str | None = None,
        size: int = 1234,
        tags: Iterable[str] = (),
        created_at: Any = None,
        **fields: Any,
    ) -> str:
        """Add one file as if uploaded by somebody. `fields`: updated_at, mime, width, height, is_private, is_published,
        custom_metadata, custom_coordinates, ai_tags, description, duration, embedded_metadata."""
        return self.add_files(
            [{"file_id": file_id, "path": path, "size": size, "tags": tags, "created_at": created_at, **fields}]
        )[0]

    def add_files(self, files: Iterable[Mapping[str, Any]]) -> list[str]:
        """Add many files, each given by the arguments of add_file."""
        made = [self._made(dict(fields)) for fields in files]
        self._library.add(made)
        return [file.file_id for file in made]

    def _made(self, fields: dict[str, Any]) -> File:
        created_ms = as_ms(fields.pop("created_at", None), now_ms())
        updated_ms = as_ms(fields.pop("updated_at", None), created_ms)
        file_id = fields.pop("file_id", None) or self._library.new_id(created_ms)
        path = fields.pop("path", None) or f"/{file_id}.jpg"
        mime = fields.pop("mime", None) or mime_of(path)
        size, tags = fields.pop("size", 1234), tuple(fields.pop("tags", None) or ())
        extra = {_EXTRA[name]: fields.pop(name) for name in list(fields) if name in _EXTRA} or None
        if mime.startswith("image/"):
            fields = {"width": 1600, "height": 900, **fields}
        return File(file_id, path, size, created_ms, updated_ms, mime, tags=tags, extra=extra, **fields)

    def file_ids(self) -> set[str]:
        return self._library.file_ids()

    def file_count(self) -> int:
        return len(self._library.files)

    # What happened ---------------------------------------------------------------------------------------------------
    def deleted_by_calls(self) -> list[DeletedByCall]:
        """Everything that API calls really removed, in order."""
        return self._log.deleted_by_calls()

    def calls(self, kind: str = "any") -> list[Call]:
        return self._log.calls(kind)

    def overlapping_deletes(self) -> set[str]:
        """File ids that were inside two delete calls in flight at the same time."""
        return self._log.overlapping()

    def purges(self) -> list[str]:
        return self._cdn.purges()

    def lie(self, path: str, answer: Response | None) -> None:
        self._front.delivery.lie(path, answer)

    def add_webhook(self, endpoint: str, events: Iterable[str] = LIBRARY_EVENTS) -> str:
        """Tell this address of events from now on; answers with the secret that signs them."""
        for webhook in self._webhooks.all():
            if webhook.endpoint == endpoint:
                return webhook.secret  # From an earlier run.
        return self._webhooks.create({"endpoint": endpoint, "events": list(events)}).secret

    def wait_for_webhooks(self, timeout_s: float = 10) -> bool:
        """Wait until every event so far has been sent."""
        return self._sender.wait(timeout_s)

    def webhook_messages(self) -> list[Message]:
        """What was sent to webhooks, in order."""
        return self._sender.sent()

    # Trouble ---------------------------------------------------------------------------------------------------------
    def fault(
        self,
        name: str,
        times: int = 1,
        match: Callable[[Call], bool] | None = None,
        on: str = "delete",
        **params: Any,
    ) -> None:
        """Queue a fault for the next `times` calls that fit. Names and params: medialib/sandbox/http/faults.py."""
        self._faults.add(Fault(name, times, match, on, params))

    def faults_waiting(self) -> int:
        return self._faults.waiting()

    def clear_faults(self) -> None:
        self._faults.clear()

    def before(self, kind: str, action: Action, times: int = 1, match: Match | None = None) -> None:
        """Run `action` right before the work of the next `times` calls of a kind: after the key, the rate and the
        faults. It is given the Call if it takes one. Its error is the call's 500, and raised when the sandbox stops."""
        self._hooks.add(Hook("before", kind, action, times, match))

    def after(self, kind: str, action: Action, times: int = 1, match: Match | None = None) -> None:
        """Run `action` right after the work of a call, before its answer leaves."""
        self._hooks.add(Hook("after", kind, action, times, match))

    def hooks_waiting(self) -> int:
        return self._hooks.waiting()

    def freeze_index(self) -> None:
        """Listings and searches lag behind: they show the library as it is now, until thaw_index()."""
        self._front.api.index = self._library.frozen()

    def thaw_index(self) -> None:
        self._front.api.index = None

    def revoke_key(self) -> None:
        self._front.keys.is_revoked = True

    def restore_key(self) -> None:
        self._front.keys.is_revoked = False

    def set_latency(self, ms: float) -> None:
        self._front.latency_s = ms / 1000

    def set_rate(self, rate: float | None, interval_ms: int = 1000) -> None:
        self._front.rates.set(rate, interval_ms)

    def hold(self) -> None:
        """Delete calls wait before their work until release()."""
        self._front.gate.clear()

    def release(self) -> None:
        self._front.gate.set()

    def wait_until_held(self, count: int = 1, timeout_s: float = 10) -> bool:
        """Wait until `count` delete calls stand before the gate."""
        return self._log.wait_until_held(count, timeout_s)


def _shown(host: str) -> str:
    """The host as this machine's clients write it."""
    if host in ("", "0.0.0.0"):  # noqa: S104  It is compared, not bound.
        return "127.0.0.1"
    return f"[{'::1' if host == '::' else host}]" if ":" in host else host


def _forget_entry(entry: Entry) -> None:
    """Nothing is kept without a data directory."""
