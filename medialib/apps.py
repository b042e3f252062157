from django.apps import AppConfig


class MedialibConfig(AppConfig):
    name = "medialib"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "medialib"

    def ready(self) -> None:
        from medialib import checks, rights_signals, signals  # noqa: F401  Importing them registers them.
