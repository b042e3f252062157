"""Routes: the product at the root, Django's admin below /admin/."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    # One way in: the admin's own sign-in page would show neither our errors nor our frame.
    path("admin/login/", RedirectView.as_view(pattern_name="medialib:sign-in", query_string=True)),
    path("admin/", admin.site.urls),
    path("", include("medialib.urls")),
]
