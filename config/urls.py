"""Routes: the product at the root, Django's admin below /admin/."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.generic import RedirectView

from medialib.api.application import urls as api_urls
from medialib.auth.views import SignIn

urlpatterns = [
    # One way in: the admin's own sign-in page would show neither our errors nor our frame.
    path("admin/login/", RedirectView.as_view(pattern_name="medialib:sign-in", query_string=True)),
    # The same for passwords: one place, with limits on attempts.
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
    path("api/v1/", api_urls()),
    path("", include("medialib.urls")),
    path("you/", include("medialib.auth.urls")),
    # The names by which django-allauth knows the two pages that medialib has of its own.
    path("sign-in/", SignIn.as_view(), name="account_login"),
    path("sign-out/", LogoutView.as_view(), name="account_logout"),
]
