"""Settings of medialib. What varies between machines is read in env.py."""

from pathlib import Path

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.DEBUG
DATA_DIR = env.DATA_DIR
SECRET_KEY = env.SECRET_KEY
FIELD_ENCRYPTION_KEYS = env.FIELD_ENCRYPTION_KEYS
ALLOWED_HOSTS = env.ALLOWED_HOSTS
DATABASES = {"default": env.DATABASE}

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
    "medialib",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                
            ],
        },
    },
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

LOGIN_URL = "medialib:sign-in"
LOGIN_REDIRECT_URL = "medialib:home"
LOGOUT_REDIRECT_URL = "medialib:sign-in"

TASKS = {"default": env.TASK_ENGINE}

# Pacing, breaker and undo window. A person may override the first and the last for one account.
IMAGEKIT_ALLOW_PRIVATE_API = env.IMAGEKIT_ALLOW_PRIVATE_API
IMAGEKIT_HEADROOM = env.IMAGEKIT_HEADROOM
UNDO_WINDOW_S = env.UNDO_WINDOW_S
BREAKER_PERCENT = env.BREAKER_PERCENT
WORKER_SLOTS = env.WORKER_SLOTS
