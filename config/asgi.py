"""The entry point for a web server: bodies are read here, and threads answer (medialib/web/gateway.py).

granian --interface asginl config.asgi:application
"""

from django.conf import settings

from config.wsgi import application as django_application
from medialib.web.gateway import Gateway

application = Gateway(django_application, threads=settings.WEB_THREADS, most_body_bytes=settings.MAX_BODY_BYTES)
