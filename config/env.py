"""What varies between machines, read from the environment and checked at start."""

from pathlib import Path

from cryptography.fernet import Fernet
import environ

_env = environ.Env()
DEBUG: bool = _env.bool("DEBUG", True)
DATA_DIR = Path(_env.str("MEDIALIB_DATA_DIR", "var")).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)
SECRET_KEY: str = _env.str("SECRET_KEY", "development-only")
_key_file = DATA_DIR / "field.key"
if not _key_file.exists():
    _key_file.write_bytes(Fernet.generate_key())
FIELD_ENCRYPTION_KEYS: list[str] = _env.list("FIELD_ENCRYPTION_KEYS", default=[_key_file.read_text()])
ALLOWED_HOSTS: list[str] = _env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
DATABASE = _env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'medialib.sqlite3'}")
if DATABASE["ENGINE"].endswith("sqlite3"):
    DATABASE["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
TASK_ENGINE = {"BACKEND": _env.str("TASK_BACKEND", "django_tasks_db.DatabaseBackend")}
IMAGEKIT_ALLOW_PRIVATE_API: bool = _env.bool("IMAGEKIT_ALLOW_PRIVATE_API", DEBUG)
IMAGEKIT_HEADROOM: int = _env.int("IMAGEKIT_HEADROOM", 20)
UNDO_WINDOW_S: int = _env.int("UNDO_WINDOW_S", 0 if DEBUG else 300)
BREAKER_PERCENT: int = _env.int("BREAKER_PERCENT", 5)
WORKER_SLOTS: int = _env.int("WORKER_SLOTS", 4)
