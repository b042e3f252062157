"""What varies between machines, read from the environment and checked at start.

With nothing set this is a development machine: secrets are made once in the data directory. DEBUG is on by
default only as long as neither SECRET_KEY nor ALLOWED_HOSTS is set: whoever sets one of them means production,
and then each missing or malformed variable stops the start with its name.
"""

from __future__ import annotations

import base64
import importlib.util
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import environ
from cryptography.fernet import Fernet

from config import private
from config.development import development_secret

BASE_DIR = Path(__file__).resolve().parent.parent
INSTALLED = "_site"  # What the folder above is called in a wheel. See medialib/__main__.py.
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
DATABASE_ENGINES = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}
TASK_ENGINES = ("database", "celery")
HOST = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]")
SIGNING_KEY_BYTES = 32
MIN_TOKEN_LENGTH = 24
MIN_SECRET_LENGTH = 50  # What Django's own deployment check asks for.
SQLITE_OPTIONS = {
    # A transaction that reads and then writes must take the write lock first, or two of them refuse each other.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
        # The built-in 2 MB of cache make lists and syncs of a million files several times slower.
        "PRAGMA cache_size=-32768; PRAGMA mmap_size=2147418112; PRAGMA temp_store=MEMORY;"
    ),
}


class BadSetting(Exception):
    """A variable is missing or malformed. The text names it and never quotes its value, which may be a secret."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} {why}.")


@dataclass(frozen=True)
class Environment:
    """The settings of this machine, all checked."""

    debug: bool
    data_dir: Path
    secret_key: str
    field_encryption_keys: list[str]
    allowed_hosts: list[str]
    csrf_trusted_origins: list[str]
    database: dict[str, Any]
    task_engine: str
    celery_broker_url: str
    allow_private_api: bool
    api_hosts: list[str]
    headroom: int
    undo_window_s: int | None
    breaker_percent: int
    worker_slots: int
    web_threads: int
    start_rate: float
    max_in_flight: int
    look_up_rate: int
    look_rate: int
    lease_s: int
    copies_dir: Path
    copies_reserve_mb: int
    copies_in_flight: int
    sync_every_s: int
    full_sync_every_s: int
    sync_max_gone_percent: int
    read_timeout_s: int
    connect_timeout_s: int
    audit_signing_key: str
    audit_anchor_file: Path
    audit_anchor_copy: str
    audit_webhook_url: str
    audit_webhook_secret: str
    metrics_token: str
    api_calls_per_minute: int
    public_url: str
    mail: dict[str, Any] | None
    mail_from: str
    min_password_length: int
    require_second_factor: bool
    oidc_server_url: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_name: str
    ssl_redirect: bool
    hsts_seconds: int
    trust_proxy: bool
    log_level: str


class Reader:
    """Reads single variables; an empty one counts as not set."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables

    def text(self, name: str, default: str = "") -> str:
        return self.variables.get(name, "").strip() or default

    def items(self, name: str) -> list[str]:
        return [item.strip() for item in self.text(name).split(",") if item.strip()]

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if value and value not in TRUE | FALSE:
            raise BadSetting(name, "must be 1 or 0")
        return value in TRUE if value else default

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"\d{1,9}", value) or not least <= int(value) <= most:
            raise BadSetting(name, f"must be a whole number from {least} to {most}")
        return int(value)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, choices[0])
        if value not in choices:
            raise BadSetting(name, f"must be one of {', '.join(choices)}")
        return value


def read_undo_window(reader: Reader) -> int | None:
    """Seconds for every deletion; None, where nothing is said, lets the risk of each decide."""
    return reader.number("UNDO_WINDOW_S", 0, least=0, most=604_800) if reader.text("UNDO_WINDOW_S") else None


def read(variables: Mapping[str, str]) -> Environment:
    """Check everything. Raises BadSetting for the first variable that is wrong."""
    reader = Reader(variables)
    debug = reader.flag("DEBUG", not (reader.text("SECRET_KEY") or reader.text("ALLOWED_HOSTS")))
    data_dir = read_data_dir(reader)
    return Environment(
        debug=debug,
        data_dir=data_dir,
        secret_key=read_secret_key(reader, debug, data_dir),
        field_encryption_keys=read_field_keys(reader, debug, data_dir),
        allowed_hosts=read_hosts(reader, debug),
        csrf_trusted_origins=read_origins(reader),
        database=read_database(reader, debug, data_dir),
        task_engine=read_task_engine(reader),
        celery_broker_url=reader.text("CELERY_BROKER_URL", reader.text("REDIS_URL", "redis://127.0.0.1:6379/0")),
        allow_private_api=reader.flag("IMAGEKIT_ALLOW_PRIVATE_API", debug),
        api_hosts=reader.items("IMAGEKIT_API_HOSTS") or ["api.imagekit.io", "upload.imagekit.io"],
        headroom=reader.number("IMAGEKIT_HEADROOM", 20, least=0, most=95),
        undo_window_s=read_undo_window(reader),
        breaker_percent=reader.number("BREAKER_PERCENT", 5, least=1, most=100),
        worker_slots=reader.number("WORKER_SLOTS", 4, least=1, most=32),
        web_threads=reader.number("WEB_THREADS", 8, least=2, most=64),
        start_rate=float(reader.number("IMAGEKIT_START_RATE", 2, least=1, most=100_000)),
        look_rate=reader.number("IMAGEKIT_LOOK_RATE", 40, least=1, most=100_000),
        look_up_rate=reader.number("IMAGEKIT_LOOK_UP_RATE", 30, least=1, most=100_000),
        sync_every_s=reader.number("SYNC_EVERY_S", 900, least=0, most=604_800),
        sync_max_gone_percent=reader.number("SYNC_MAX_GONE_PERCENT", 20, least=0, most=100),
        full_sync_every_s=reader.number("FULL_SYNC_EVERY_S", 86_400, least=0, most=2_592_000),
        lease_s=reader.number("LEASE_S", 15, least=2, most=25),
        copies_dir=Path(reader.text("COPIES_DIR", str(data_dir / "copies"))),
        copies_reserve_mb=reader.number("COPIES_RESERVE_MB", 1024, least=0, most=100_000_000),
        copies_in_flight=reader.number("COPIES_IN_FLIGHT", 8, least=1, most=64),
        max_in_flight=reader.number("IMAGEKIT_MAX_IN_FLIGHT", 32, least=1, most=256),
        read_timeout_s=reader.number("IMAGEKIT_READ_TIMEOUT_S", 30, least=1, most=600),
        connect_timeout_s=reader.number("IMAGEKIT_CONNECT_TIMEOUT_S", 5, least=1, most=60),
        audit_signing_key=read_signing_key(reader),
        audit_anchor_file=Path(reader.text("AUDIT_ANCHOR_FILE", str(data_dir / "audit-anchors.jsonl"))),
        audit_anchor_copy=read_anchor_copy(reader, debug),
        audit_webhook_url=read_webhook_url(reader, debug),
        audit_webhook_secret=read_webhook_secret(reader),
        metrics_token=read_metrics_token(reader),
        api_calls_per_minute=reader.number("API_CALLS_PER_MINUTE", 600, least=1, most=100_000),
        public_url=read_public_url(reader, debug),
        mail=read_mail(reader),
        mail_from=reader.text("MAIL_FROM", "medialib@localhost"),
        min_password_length=reader.number("MIN_PASSWORD_LENGTH", 12, least=8, most=128),
        require_second_factor=reader.flag("REQUIRE_SECOND_FACTOR", False),
        oidc_server_url=read_oidc_server(reader, debug),
        oidc_client_id=reader.text("OIDC_CLIENT_ID"),
        oidc_client_secret=reader.text("OIDC_CLIENT_SECRET"),
        oidc_name=reader.text("OIDC_NAME", ""),
        ssl_redirect=reader.flag("SECURE_SSL_REDIRECT", not debug),
        hsts_seconds=reader.number("SECURE_HSTS_SECONDS", 0 if debug else 31_536_000, least=0, most=63_072_000),
        trust_proxy=reader.flag("TRUST_PROXY", False),
        log_level=reader.choice("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL")),
    )


def read_or_stop(variables: Mapping[str, str]) -> Environment:
    """Read, or end the process with one line and exit code 2: whoever starts it must mend the environment."""
    try:
        return read(variables)
    except BadSetting as problem:
        stop(f"medialib cannot start: {problem}")


def stop(line: str) -> NoReturn:
    print(line, file=sys.stderr)
    raise SystemExit(2)


def read_data_dir(reader: Reader) -> Path:
    data_dir = Path(reader.text("MEDIALIB_DATA_DIR") or usual_data_dir(reader)).resolve()
    try:
        private.make_directory(data_dir)
    except OSError as error:
        raise BadSetting("MEDIALIB_DATA_DIR", f"names a directory that cannot be made ({error.strerror})") from error
    except private.NotPrivate as problem:
        raise BadSetting("MEDIALIB_DATA_DIR", str(problem)) from None
    return data_dir


def usual_data_dir(reader: Reader, base: Path = BASE_DIR) -> Path:
    """Beside the code; for a wheel, whose folder each update replaces, where the system keeps a person's data."""
    if base.name != INSTALLED:
        return base / "var"
    home = reader.text("XDG_DATA_HOME") or (reader.text("HOME") and f"{reader.text('HOME')}/.local/share")
    if not home:
        raise BadSetting("MEDIALIB_DATA_DIR", "must be set where there is no home directory")
    return Path(home) / "medialib"


def read_secret_key(reader: Reader, debug: bool, data_dir: Path) -> str:
    secret = reader.text("SECRET_KEY")
    if not debug and (len(secret) < MIN_SECRET_LENGTH or len(set(secret)) < 5):
        raise BadSetting("SECRET_KEY", f"must be set to at least {MIN_SECRET_LENGTH} random characters in production")
    return secret or kept_secret(data_dir, "secret.key")


def read_field_keys(reader: Reader, debug: bool, data_dir: Path) -> list[str]:
    keys = reader.items("FIELD_ENCRYPTION_KEYS")
    if not keys and not debug:
        raise BadSetting("FIELD_ENCRYPTION_KEYS", "must be set in production, the newest key first")
    keys = keys or [kept_secret(data_dir, "field.key")]
    if not all(is_fernet_key(key) for key in keys):
        raise BadSetting("FIELD_ENCRYPTION_KEYS", "must hold Fernet keys (44 characters each), separated by commas")
    return keys


def kept_secret(data_dir: Path, file_name: str) -> str:
    try:
        return development_secret(data_dir / file_name)
    except OSError as error:
        raise BadSetting("MEDIALIB_DATA_DIR", f"cannot keep {file_name} ({error.strerror})") from error


def is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def read_hosts(reader: Reader, debug: bool) -> list[str]:
    hosts = reader.items("ALLOWED_HOSTS")
    if not hosts and not debug:
        raise BadSetting("ALLOWED_HOSTS", "must name the hosts that medialib answers for in production")
    if not all(HOST.fullmatch(host) for host in hosts):
        raise BadSetting("ALLOWED_HOSTS", "must hold host names separated by commas, without scheme, port or path")
    return hosts or ["localhost", "127.0.0.1", "[::1]"]


def read_origins(reader: Reader) -> list[str]:
    origins = reader.items("CSRF_TRUSTED_ORIGINS")
    if not all(re.fullmatch(r"https?://[^/\s]+", origin) for origin in origins):
        raise BadSetting("CSRF_TRUSTED_ORIGINS", "must hold addresses such as https://media.example.com")
    return origins


def read_signing_key(reader: Reader) -> str:
    """Empty where the key is kept as a file in the data directory."""
    key = reader.text("AUDIT_SIGNING_KEY")
    if key and decoded_length(key) != SIGNING_KEY_BYTES:
        raise BadSetting("AUDIT_SIGNING_KEY", f"must be {SIGNING_KEY_BYTES} random bytes in base64")
    return key


def read_anchor_copy(reader: Reader, debug: bool) -> str:
    """A second place for the anchors: an absolute path, with a slash at its end for a directory, or an address."""
    place = reader.text("AUDIT_ANCHOR_COPY")
    if place and not (is_web_address(place, debug) if "://" in place else Path(place).is_absolute()):
        raise BadSetting("AUDIT_ANCHOR_COPY", "must be an absolute path or an address that begins with https://")
    return place


def is_web_address(url: str, debug: bool) -> bool:
    return bool(re.fullmatch(r"https?://[^/\s]+\S*" if debug else r"https://[^/\s]+\S*", url))


def read_webhook_url(reader: Reader, debug: bool) -> str:
    url = reader.text("AUDIT_WEBHOOK_URL")
    if url and not is_web_address(url, debug):
        raise BadSetting("AUDIT_WEBHOOK_URL", "must be an address that begins with https://")
    return url


def read_webhook_secret(reader: Reader) -> str:
    secret = reader.text("AUDIT_WEBHOOK_SECRET")
    is_used = reader.text("AUDIT_WEBHOOK_URL") or (secret and "://" in reader.text("AUDIT_ANCHOR_COPY"))
    if is_used and not 24 <= decoded_length(secret.removeprefix("whsec_")) <= 64:
        raise BadSetting("AUDIT_WEBHOOK_SECRET", "must be whsec_ and 24 to 64 random bytes in base64")
    return secret


def read_metrics_token(reader: Reader) -> str:
    """Empty where metrics are given to this machine only."""
    token = reader.text("METRICS_TOKEN")
    if token and not re.fullmatch(rf"[A-Za-z0-9._~+/=-]{{{MIN_TOKEN_LENGTH},}}", token):
        raise BadSetting("METRICS_TOKEN", f"must be at least {MIN_TOKEN_LENGTH} random letters and digits")
    return token


def read_public_url(reader: Reader, debug: bool) -> str:
    """Where people open medialib, for links in notices; without a slash at its end."""
    url = reader.text("PUBLIC_URL").rstrip("/")
    if url and not is_web_address(url, debug):
        raise BadSetting("PUBLIC_URL", "must be the address that people open, such as https://media.example.com")
    return url


def read_mail(reader: Reader) -> dict[str, Any] | None:
    """How mail is sent, as Django's settings say it; None where none is."""
    url = reader.text("EMAIL_URL")
    if not url:
        return None
    try:
        found: dict[str, Any] = environ.Env.email_url_config(url)
    except (ValueError, KeyError, environ.ImproperlyConfigured):
        raise BadSetting("EMAIL_URL", "must be such as smtp+tls://name:password@mail.example.com:587") from None
    return found


def read_oidc_server(reader: Reader, debug: bool) -> str:
    """Empty without sign-in by OpenID Connect. In production the provider is asked over https only."""
    url = reader.text("OIDC_SERVER_URL")
    if not url:
        return ""
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url) or not (debug or url.startswith("https://")):
        raise BadSetting("OIDC_SERVER_URL", "must be an address such as https://login.example.com/realms/acme")
    for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"):
        if not reader.text(name):
            raise BadSetting(name, "must be set together with OIDC_SERVER_URL")
    return url


def decoded_length(text: str) -> int:
    try:
        return len(base64.b64decode(text, validate=True))
    except ValueError:
        return 0


def read_database(reader: Reader, debug: bool, data_dir: Path) -> dict[str, Any]:
    url = reader.text("DATABASE_URL")
    if not url and not debug:
        raise BadSetting("DATABASE_URL", "must be set in production, for example postgres://user@host/medialib")
    database = parse_database(url or f"sqlite:///{data_dir / 'medialib.sqlite3'}")
    if database["ENGINE"].endswith("sqlite3"):
        keep_private(Path(database["NAME"]))
        return database | {"OPTIONS": SQLITE_OPTIONS, "TEST": {"NAME": data_dir / "test.sqlite3"}}
    if importlib.util.find_spec("psycopg") is None:
        raise BadSetting("DATABASE_URL", "names PostgreSQL, which needs: pip install -r requirements-scale.txt")
    return database | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def keep_private(path: Path) -> None:
    """A database whose directory is missing is left to SQLite's own complaint."""
    try:
        private.make_database(path)
    except private.NotPrivate as problem:
        raise BadSetting("DATABASE_URL", str(problem)) from None
    except OSError:
        return


def parse_database(url: str) -> dict[str, Any]:
    try:
        database: dict[str, Any] = environ.Env.db_url_config(url)
    except Exception:  # noqa: BLE001 - The parser lets each mistake surface as another exception, some with the password in it.
        database = {}
    if database.get("ENGINE") not in DATABASE_ENGINES or not database.get("NAME"):
        raise BadSetting("DATABASE_URL", "must look like sqlite:////path/file or postgres://user:password@host/name")
    return database


def read_task_engine(reader: Reader) -> str:
    engine = reader.choice("TASK_ENGINE", TASK_ENGINES)
    if engine == "celery" and importlib.util.find_spec("django_tasks_fennel") is None:
        raise BadSetting("TASK_ENGINE", "is celery, which needs: pip install -r requirements-scale.txt")
    return engine
