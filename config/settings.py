"""Settings of medialib. What varies between machines is read and checked in env.py."""

from __future__ import annotations

import mimetypes
import os
from typing import Any

from csp.constants import NONE, SELF

from config.env import BASE_DIR, read_or_stop

ENV = read_or_stop(os.environ)

DEBUG = ENV.debug
DATA_DIR = ENV.data_dir
SECRET_KEY = ENV.secret_key
FIELD_ENCRYPTION_KEYS = ENV.field_encryption_keys
ALLOWED_HOSTS = ENV.allowed_hosts
DATABASES = {"default": ENV.database}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "heroicons",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "medialib",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # A page of a hundred files is a fifteenth of its size. Each answer gets some random bytes, so that its length tells
    # nothing (BREACH); static files are compressed beforehand.
    "django.middleware.gzip.GZipMiddleware",
    # Outside of all that could answer with a page, or look at a session.
    "medialib.api.boundary.ApiBoundary",
    "medialib.web.body_limit.BodyLimitMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "medialib.web.request_id.trace_requests",
    "medialib.web.headers.PageHeadersMiddleware",
    "medialib.web.time_zone.use_readers_zone",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "medialib.web.refusals.DatabaseAwayMiddleware",
    "medialib.auth.second_factor.SecondFactorMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.template.context_processors.i18n",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
    "medialib.web.context_processors.frame",
]
TEMPLATE_LOADERS = [
    (
        "django.template.loaders.cached.Loader",
        ["medialib.web.templates.TrimmedLoader", "django.template.loaders.app_directories.Loader"],
    )
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"context_processors": CONTEXT_PROCESSORS, "loaders": TEMPLATE_LOADERS},
    },
]

# A person's browser chooses between the languages, or the person does in the menu; the choice is kept in a cookie.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = not DEBUG
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# Static files. Development finds them in place; production serves hashed, compressed copies made by collectstatic.
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_MIMETYPES = {".speculationrules": "application/speculationrules+json"}
for ending, media_type in WHITENOISE_MIMETYPES.items():  # For Django's own way to serve them, in development.
    mimetypes.add_type(media_type, ending)
if DEBUG:
    STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns where there is none, and nobody collects in development.
STATIC_STORAGE = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if DEBUG
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": STATIC_STORAGE},
    # Copies of deleted files: a folder for its owner only. Any Django storage does.
    "quarantine": {
        "BACKEND": "medialib.services.copies.storage.FolderStorage",
        "OPTIONS": {"location": ENV.copies_dir},
    },
}
COPIES_RESERVE_BYTES = ENV.copies_reserve_mb * 1024 * 1024
COPIES_IN_FLIGHT = ENV.copies_in_flight

# Sign-in and sessions.
LOGIN_URL = "medialib:sign-in"
LOGIN_REDIRECT_URL = "medialib:home"
LOGOUT_REDIRECT_URL = "medialib:sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": ENV.min_password_length},
    }
]
AUTHENTICATION_BACKENDS = ["medialib.auth.backend.Backend"]
# Attempts are counted here, by all web processes together. The table is made by a migration.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "medialib_cache",
        # Django's 300 would let somebody who tries many names push the counts of others out.
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    },
    # What a process remembers of it for the rest of a minute: medialib/services/base/cache.py.
    "here": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 2_000}},
}
ACCOUNT_ADAPTER = "medialib.auth.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True  # Sessions end by their age, not with the browser.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # Other sessions end all the same: their hash holds the old password.
# After so many failures a name, and after more of them an address, has to wait, whoever tries.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "20/5m/ip,5/15m/key", "reauthenticate": "10/5m/user"}
ALLAUTH_TRUSTED_PROXY_COUNT = int(ENV.trust_proxy)
MFA_ADAPTER = "medialib.auth.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True  # medialib sends no mail, so it verifies none.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
REQUIRE_SECOND_FACTOR = ENV.require_second_factor
SOCIALACCOUNT_ADAPTER = "medialib.auth.adapters.SocialAdapter"
# The provider vouches for the address; people are found by it, and never made.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
# A link, because the policy's form-action would stop a form on its way to the provider.
SOCIALACCOUNT_LOGIN_ON_GET = True
OIDC_NAME = ENV.oidc_name
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "company",
                "name": ENV.oidc_name or "your company",
                "client_id": ENV.oidc_client_id,
                "secret": ENV.oidc_client_secret,
                "settings": {"server_url": ENV.oidc_server_url},
            }
        ],
    }
}
if not ENV.oidc_server_url:
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"] = []
SESSION_COOKIE_AGE = 12 * 3600  # A working day.
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "medialib.web.refusals.page_too_old"
CSRF_TRUSTED_ORIGINS = ENV.csrf_trusted_origins

# Transport and headers.
SECURE_SSL_REDIRECT = ENV.ssl_redirect
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # Load balancers and Prometheus ask over plain HTTP.
SECURE_HSTS_SECONDS = ENV.hsts_seconds
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.trust_proxy else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
WEB_THREADS = ENV.web_threads
MAX_BODY_BYTES = 64 * 1024 * 1024  # Lists of a million paths fit; forms are held to Django's own 2.5 MB.
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would lose the session on the way back from an OpenID provider.
CSRF_COOKIE_SAMESITE = "Strict"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "img-src": [SELF, "data:"],  # PageHeadersMiddleware adds the accounts' endpoints.
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
# medialib answers for one host: it may not promise HTTPS for its neighbours (W005) or enter them in browsers (W021).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# The engine that wakes workers. The job rows are the truth, so the choice changes no result. See README, “Engines”.
TASKS: dict[str, dict[str, Any]] = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
if ENV.task_engine == "celery":
    INSTALLED_APPS.append("django_tasks_fennel")
    TASKS["default"]["BACKEND"] = "django_tasks_fennel.CeleryBackend"
    CELERY_BROKER_URL = ENV.celery_broker_url
    CELERY_RESULT_BACKEND = ENV.celery_broker_url
    CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
    # A killed worker's task comes back: leases and fences make the second delivery harmless.
    CELERY_TASK_ACKS_LATE = True
    CELERY_TASK_REJECT_ON_WORKER_LOST = True
    CELERY_WORKER_PREFETCH_MULTIPLIER = 1
    CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# Pacing, breaker and undo window. A person may override the headroom and the undo window for one account.
IMAGEKIT_ALLOW_PRIVATE_API = ENV.allow_private_api
IMAGEKIT_API_HOSTS = ENV.api_hosts
IMAGEKIT_HEADROOM = ENV.headroom
UNDO_WINDOW_S = ENV.undo_window_s
BREAKER_PERCENT = ENV.breaker_percent
WORKER_SLOTS = ENV.worker_slots
IMAGEKIT_START_RATE = ENV.start_rate
IMAGEKIT_LOOK_UP_RATE = ENV.look_up_rate
IMAGEKIT_LOOK_RATE = ENV.look_rate
LEASE_S = ENV.lease_s
SYNC_EVERY_S = ENV.sync_every_s
FULL_SYNC_EVERY_S = ENV.full_sync_every_s
SYNC_MAX_GONE_PERCENT = ENV.sync_max_gone_percent
JOB_CONCURRENCY = ENV.max_in_flight
IMAGEKIT_READ_TIMEOUT_S = float(ENV.read_timeout_s)
IMAGEKIT_CONNECT_TIMEOUT_S = float(ENV.connect_timeout_s)

# The audit log's seal. The key and the anchors live outside the database. See docs/audit.md.
AUDIT_SIGNING_KEY = ENV.audit_signing_key
AUDIT_ANCHOR_FILE = ENV.audit_anchor_file
AUDIT_ANCHOR_COPY = ENV.audit_anchor_copy
AUDIT_WEBHOOK_URL = ENV.audit_webhook_url
AUDIT_WEBHOOK_SECRET = ENV.audit_webhook_secret
METRICS_TOKEN = ENV.metrics_token
API_CALLS_PER_MINUTE = ENV.api_calls_per_minute

PUBLIC_URL = ENV.public_url
SENDS_MAIL = ENV.mail is not None
vars().update(ENV.mail or {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"})
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = ENV.mail_from

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "medialib": {"level": ENV.log_level},
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # Scanners knock with made-up hosts all day; the 400 they get is enough.
        "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
    },
}
