"""A database of its own for each measurement, and commands run on it as a person would run them."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from medialib.sandbox.server import Sandbox

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")


@contextmanager
def environment(database: str, **variables: str) -> Iterator[dict[str, str]]:
    """Environment variables of an empty installation on "sqlite" or "postgresql", migrated; removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="medialib-bench-") as data_dir:
        env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "TASK_ENGINE")}
        env |= _production() | {"MEDIALIB_DATA_DIR": data_dir, "DATABASE_URL": f"sqlite:///{data_dir}/db.sqlite3"}
        env |= variables
        if database == "sqlite":
            manage(env, "migrate", "--verbosity", "0")
            yield env
            return
        with _postgres_database() as url:
            env["DATABASE_URL"] = url
            manage(env, "migrate", "--verbosity", "0")
            yield env


def _production() -> dict[str, str]:
    """What a person sets who runs medialib in earnest, but for the undo window, HTTPS and the sandbox's address."""
    return {
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "localhost",
        "SECURE_SSL_REDIRECT": "0",
        "UNDO_WINDOW_S": "0",
        "IMAGEKIT_ALLOW_PRIVATE_API": "1",
        "LOG_LEVEL": "ERROR",
    }


@contextmanager
def _postgres_database() -> Iterator[str]:
    import psycopg

    name = f"medialib_bench_{secrets.token_hex(4)}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(env: Mapping[str, str], *arguments: str, stdin: str = "") -> str:
    """The output of a command; its complaint is raised."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], env=dict(env), input=stdin, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{arguments[0]}: {done.stderr.strip()}")
    return done.stdout


SUPERUSER = "from django.contrib.auth.models import User; User.objects.create_superuser('admin', '', 'x')"


def add_synced_account(env: Mapping[str, str], sandbox: Sandbox) -> None:
    """The account "b" at the sandbox, its files in the index, and a person who may delete them."""
    endpoints = ["--url-endpoint", sandbox.url_endpoint, "--api-url", sandbox.api_url]
    manage(env, "addaccount", "b", *endpoints, stdin="private_sandbox")
    manage(env, "shell", "-c", SUPERUSER)
    manage(env, "synclibrary", "b")


def small() -> bool:
    """Whether only a quick look is wanted."""
    return bool(os.environ.get("BENCH_SMALL"))
