"""Where a person is told: added, changed, tried and removed by that person alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from medialib.errors import WrongUse
from medialib.models import NoticeChannel, NoticeKind, NoticeRoute
from medialib.services.accounts import addresses, vault
from medialib.services.base.clock import shared_now

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_ROUTES = 10  # Of one person.


def channels() -> list[NoticeChannel]:
    """Those that this installation has: mail only where it was told how to send it."""
    return [channel for channel in NoticeChannel if channel != NoticeChannel.MAIL or settings.SENDS_MAIL]


@sensitive_variables("address", "secret")
def add(
    user: User, *, channel: NoticeChannel, address: str, kinds: Sequence[NoticeKind], only_mine: bool
) -> tuple[NoticeRoute, str]:
    """A new route, and the secret that its webhook is signed with, which is shown once. Raises WrongUse."""
    if NoticeRoute.objects.of(user).count() >= MOST_ROUTES:
        raise WrongUse(_("%(count)s places are enough: remove one first."), count=MOST_ROUTES)
    if channel not in channels():
        raise WrongUse(_("This installation sends no mail."))
    is_mail = channel == NoticeChannel.MAIL
    if is_mail and not user.email:
        raise WrongUse(_("Your account has no e-mail address."))
    url = "" if is_mail else addresses.clean_receiver(address)
    secret = NoticeRoute.new_secret() if channel == NoticeChannel.WEBHOOK else ""
    route = NoticeRoute.objects.create(
        user=user,
        channel=channel,
        ciphertext=vault.encrypt(url) if url else "",
        host=urlsplit(url).hostname or "",
        secret_ciphertext=vault.encrypt(secret) if secret else "",
        kinds=[NoticeKind(kind).value for kind in kinds],
        only_mine=only_mine,
        language=get_language() or settings.LANGUAGE_CODE,
        added_at=shared_now(),
    )
    return route, secret


def change(route: NoticeRoute, *, kinds: Sequence[NoticeKind], only_mine: bool) -> None:
    """What it tells, from now on. Its address stays: another one is another route."""
    route.kinds, route.only_mine = [NoticeKind(kind).value for kind in kinds], only_mine
    route.save(update_fields=["kinds", "only_mine"])
