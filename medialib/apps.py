from django.apps import AppConfig


class MedialibConfig(AppConfig):
    name = "medialib"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "medialib"

    def ready(self) -> None:
        # Importing them registers them.
        from medialib import checks  # noqa: F401
        from medialib.auth import rights_signals, signals  # noqa: F401
        from medialib.web import database  # noqa: F401
