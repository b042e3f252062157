"""The addresses of a person's own sign-in: password, second factors, sessions. The names are django-allauth's.

Only what medialib offers is here; signing up, email addresses and resetting by email are left out on purpose.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as provider
from allauth.usersessions.views import list_usersessions
from django.urls import path
from django.views.generic import RedirectView

urlpatterns = [
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", account.password_change, name="account_change_password"),
    # Who signs in at a provider has no password here, and gets none.
    path("password/first/", RedirectView.as_view(pattern_name="medialib:home"), name="account_set_password"),
    path("sessions/", list_usersessions, name="usersessions_list"),
    path("second-factor/", mfa.index, name="mfa_index"),
    path("second-factor/sign-in/", mfa.authenticate, name="mfa_authenticate"),
    path("second-factor/confirm/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("second-factor/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("second-factor/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("second-factor/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("second-factor/codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("second-factor/codes/download/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("second-factor/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("second-factor/passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("second-factor/passkeys/confirm/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("second-factor/passkeys/sign-in/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("second-factor/passkeys/<int:pk>/remove/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("second-factor/passkeys/<int:pk>/edit/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("provider/<str:provider_id>/", provider.login, name="openid_connect_login"),
    path("provider/<str:provider_id>/callback/", provider.callback, name="openid_connect_callback"),
    path("provider-cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("provider-failed/", social.login_error, name="socialaccount_login_error"),
]
