"""The WSGI entry point for a web server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from medialib.services.audit.weak_settings import record_at_web_start  # noqa: E402  Django must be set up first.

record_at_web_start()
