"""The product as people use it: a web server, a worker process, the sandbox, and a browser that listens for trouble."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from playwright.sync_api import Page

from medialib.sandbox.server import Sandbox
from medialib.services.accounts import accounts
from medialib.services.sync import run
from tests import factories
from tests.conftest import SANDBOX_KEY

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from medialib.models import Account

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery staple"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here, and let one process of pytest-xdist have it: two browsers would only slow each other."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("e2e"))


class Watched:
    """A page that remembers what the browser complained about."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page, self.base_url = page, base_url
        self.complaints: list[str] = []
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def sign_in(self, user: User) -> None:
        self.page.goto(self.base_url)
        self.page.get_by_label("Username").fill(user.get_username())
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()

    def must_be_accessible(self) -> None:
        found = Axe().run(self.page).response["violations"]
        assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in found] == [], self.page.url


@pytest.fixture
def library(transactional_db: None, settings: Any) -> Iterator[Sandbox]:
    """A sandbox with a believable library."""
    settings.IMAGEKIT_ALLOW_PRIVATE_API = True
    with Sandbox(files=2000) as running:
        yield running


@pytest.fixture
def acme(library: Sandbox) -> Account:
    """The account of that library, synced."""
    account = accounts.add_account(
        name="acme",
        url_endpoint=library.url_endpoint,
        private_key=SANDBOX_KEY,
        api_url=library.api_url,
        upload_url=library.upload_url,
    )
    run.run_sync(account)
    return account


@pytest.fixture
def kim(transactional_db: None) -> User:
    """A member of staff who signs in with PASSWORD."""
    user = factories.user("kim", permissions=factories.EVERY_PERMISSION)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def watched(page: Page, live_server: Any) -> Iterator[Watched]:
    """A browser page; after the test, the browser must not have complained."""
    watched = Watched(page, live_server.url)
    yield watched
    assert watched.complaints == []


def program_environment(**variables: str) -> dict[str, str]:
    """What a process of its own needs to work on the test's database."""
    url = os.environ.get("DATABASE_URL", "")
    name = connection.settings_dict["NAME"]
    url = f"{url.rpartition('/')[0]}/{name}" if connection.vendor == "postgresql" else f"sqlite:///{name}"
    return os.environ | {"DATABASE_URL": url, "DEBUG": "1"} | variables


def manage(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(
        command, input=stdin, env=program_environment(), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def worker(transactional_db: None, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process; it must stop in good order."""
    with (tmp_path / "worker.log").open("wb") as log:
        command = [sys.executable, str(ROOT / "manage.py"), "runworker"]
        process = subprocess.Popen(command, env=program_environment(), stdout=log, stderr=log)
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0, (tmp_path / "worker.log").read_text()
