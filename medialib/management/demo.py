"""The demo: a sandbox, its library indexed, a web server and a worker, in one terminal."""

from __future__ import annotations

import logging
import secrets
import sys
import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command

from medialib.auth.one_time_link import path_for
from medialib.errors import Refused
from medialib.management.processes import HOST, Child, Children, require_free_port, wait_until_answers
from medialib.management.web import web_server
from medialib.models import Account
from medialib.services.accounts import accounts
from medialib.services.sync import run as sync

ACCOUNT = "demo"
ADMIN = "admin"
SANDBOX_KEY = "private_sandbox"  # Opens nothing but the sandbox.
START_WITHIN_S = 120
Say = Callable[[str], None]
MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]


def run(*, port: int, file_count: int, say: Say) -> None:
    """Start everything and keep it running until interrupted. Raises MedialibError when it cannot start."""
    if not settings.DEBUG:
        raise Refused("The demo is for development. Unset DEBUG, SECRET_KEY and ALLOWED_HOSTS to run it.")
    for needed_port in (port, port + 1):
        require_free_port(
            needed_port, hint="Choose another with: make demo PORT=8100, or --port (it takes that port and the next)."
        )
    logging.getLogger("medialib").setLevel(logging.WARNING)  # Of this process: its own lines say what happens.
    began = time.monotonic()
    call_command("migrate", verbosity=0)
    with Children(settings.DATA_DIR / "demo-logs") as children:
        start_sandbox(children, port + 1, file_count)
        link = path_for(prepare(port + 1, say))  # Reads all routes: a Ctrl-C just then may be lost, so before “Ready”.
        start_product(children, port)
        say(f"Ready in {time.monotonic() - began:.0f} s: http://{HOST}:{port}/ - Ctrl-C stops everything.")
        say(f"Open it signed in (works once): http://{HOST}:{port}{link}")
        children.watch(say)


def start_sandbox(children: Children, port: int, file_count: int) -> Child:
    data_dir = settings.DATA_DIR / "demo-sandbox"  # Not named for the port, so that the demo may move to another one.
    options = ["--port", str(port), "--files", str(file_count), "--key", SANDBOX_KEY, "--data-dir", str(data_dir)]
    part = children.start("sandbox", [*MANAGE, "runsandbox", *options])
    wait_until_answers(part, port, timeout_s=START_WITHIN_S)
    return part


def start_product(children: Children, port: int) -> None:
    web = children.start("web server", web_server(host=HOST, port=port))
    children.start("worker", [*MANAGE, "runworker"])
    wait_until_answers(web, port, timeout_s=START_WITHIN_S)


def prepare(sandbox_port: int, say: Say) -> User:
    """The demo's account, its index, and its administrator, who is returned."""
    account = account_of(sandbox_port)
    index(account, say)
    return announce_admin(say)


def account_of(port: int) -> Account:
    """The demo account, pointed at where the sandbox listens this time."""
    address = f"http://{HOST}:{port}"
    account = Account.objects.filter(name=ACCOUNT).first()
    if account is None:
        return accounts.add_account(
            name=ACCOUNT,
            url_endpoint=f"{address}/{ACCOUNT}",
            private_key=SANDBOX_KEY,
            api_url=address,
            upload_url=address,
        )
    if account.api_url != address:
        account.api_url = account.upload_url = address
        account.url_endpoint = f"{address}/{ACCOUNT}"
        accounts.change_account(account, actor=accounts.SYSTEM, private_key=SANDBOX_KEY)
    return account


def index(account: Account, say: Say) -> None:
    """Bring the index in step: quick, and the sandbox may have changed or moved since."""
    started = time.monotonic()
    run = sync.run_sync(account)
    say(f"Indexed {run.seen:,} files of the sandbox in {time.monotonic() - started:.1f} s.")


def announce_admin(say: Say) -> User:
    if admin := User.objects.filter(username=ADMIN).first():
        say(f"Sign in as “{ADMIN}” with the password of the first start (a new one: manage.py changepassword {ADMIN}).")
        return admin
    password = secrets.token_urlsafe(12)
    say(f"Sign in as “{ADMIN}” with the password {password} (shown this once).")
    return User.objects.create_superuser(ADMIN, password=password)
