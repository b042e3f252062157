from django.apps import AppConfig


class MedialibConfig(AppConfig):
    name = "medialib"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "medialib"
