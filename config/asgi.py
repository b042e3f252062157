"""The ASGI entry point for a web server."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_asgi_application()

from medialib.services.audit.weak_settings import record_at_web_start  # noqa: E402  Django must be set up first.

record_at_web_start()
