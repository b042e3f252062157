"""Routes: the product at the root, Django's admin below /admin/."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("medialib.urls")),
]
