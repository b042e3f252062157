"""Gives a test run its own data directory and development settings. Imported before Django reads its settings."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

# Variables of the machine that would steer the tests. DATABASE_URL stays: it chooses the database under test.
STEERING = (
    "ALLOWED_HOSTS",
    "AUDIT_ANCHOR_COPY",
    "AUDIT_ANCHOR_FILE",
    "AUDIT_SIGNING_KEY",
    "AUDIT_WEBHOOK_SECRET",
    "AUDIT_WEBHOOK_URL",
    "BREAKER_PERCENT",
    "CSRF_TRUSTED_ORIGINS",
    "DEBUG",
    "FIELD_ENCRYPTION_KEYS",
    "FULL_SYNC_EVERY_S",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "IMAGEKIT_ALLOW_PRIVATE_API",
    "IMAGEKIT_API_HOSTS",
    "IMAGEKIT_CONNECT_TIMEOUT_S",
    "IMAGEKIT_HEADROOM",
    "IMAGEKIT_LOOK_RATE",
    "IMAGEKIT_LOOK_UP_RATE",
    "IMAGEKIT_MAX_IN_FLIGHT",
    "IMAGEKIT_PRIVATE_KEY",
    "IMAGEKIT_READ_TIMEOUT_S",
    "IMAGEKIT_START_RATE",
    "LOG_LEVEL",
    "EMAIL_URL",
    "MAIL_FROM",
    "METRICS_TOKEN",
    "MIN_PASSWORD_LENGTH",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_NAME",
    "OIDC_SERVER_URL",
    "PUBLIC_URL",
    "REQUESTS_CA_BUNDLE",
    "REQUIRE_SECOND_FACTOR",
    "SECRET_KEY",
    "SECURE_HSTS_SECONDS",
    "SECURE_SSL_REDIRECT",
    "SYNC_EVERY_S",
    "TASK_ENGINE",
    "TRUST_PROXY",
    "UNDO_WINDOW_S",
    "WEB_THREADS",
    "WORKER_SLOTS",
    "http_proxy",
    "https_proxy",
)


def prepare() -> None:
    """Workers of pytest-xdist inherit what the first process prepared."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # The browser's event loop runs in the thread that uses the ORM.
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        # Each has a database of its own, and so a log of its own, which only its own anchors fit.
        os.environ["AUDIT_ANCHOR_FILE"] = os.path.join(os.environ["MEDIALIB_DATA_DIR"], f"anchors-{worker}.jsonl")
        return
    for name in STEERING:
        os.environ.pop(name, None)
    os.environ["UNDO_WINDOW_S"] = "0"  # Jobs start at once; tests of the undo window say so.
    data_dir = tempfile.mkdtemp(prefix="medialib-test-")
    os.environ["MEDIALIB_DATA_DIR"] = data_dir
    atexit.register(shutil.rmtree, data_dir, ignore_errors=True)


prepare()
