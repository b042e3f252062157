"""Let ImageKit send a library's events here, set up through its API: asked for twice, there is still one webhook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from medialib.errors import Refused
from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import ImageKitError
from medialib.imagekit.webhooks import RegisteredWebhook
from medialib.models import Account, KeyPurpose, WebhookSecret
from medialib.services.accounts import addresses, keys, vault
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.base.client_words import in_words
from medialib.services.sync.webhooks import FILE_EVENTS, FOLDER_EVENTS, VERSION_EVENTS, set_secret

EVENTS = frozenset((*FILE_EVENTS, *VERSION_EVENTS, *FOLDER_EVENTS))
LONGEST_S = 120  # After which a set-up that never ended no longer keeps others out.


class Done(TextChoices):
    """What became of it, with the sentence for whoever asked."""

    MADE = "made", _("ImageKit sends the library's events here from now on.")
    # It was there, but switched off or sent too few events.
    CHANGED = (
        "changed",
        _("ImageKit had a webhook for this address; now it is on and sends every event of the library."),
    )
    THERE = "there", _("ImageKit has the webhook already, and sends the library's events here.")


@sensitive_variables()
def set_up(account: Account, *, address: str, replace: bool = False, actor: Actor = SYSTEM) -> Done:
    """Let ImageKit send the library's events to `address`, and store the secret that it signs them with.

    A webhook that ImageKit has for this address is taken, not made a second time. `replace` forgets a stored secret
    that belongs to no webhook of this address. Raises WrongUse for a wrong address, Refused for everything else.
    """
    address = addresses.clean(address.rstrip("/"), what=_("address of this installation")) + "/"
    with _alone(account):
        try:
            with keys.client_for(account, KeyPurpose.DELETE) as client:
                webhook, done = _webhook_for(account, address, client, replace=replace)
        except ImageKitError as error:
            text = _("The webhook could not be set up; it can be by hand, in ImageKit's dashboard: %(cause)s")
            raise Refused(text, cause=in_words(error)) from error
        if webhook.secret:
            if webhook.secret != _stored(account):
                set_secret(account, secret=webhook.secret, actor=actor)
        elif not _stored(account):
            raise Refused(
                _(
                    "ImageKit has a webhook for this address and does not tell its secret. Copy it from ImageKit's "
                    "dashboard, or remove the webhook there and try again."
                )
            )
    return done


def is_listening(account: Account) -> bool:
    """Whether a secret is stored, so that events are taken in."""
    return WebhookSecret.objects.filter(account=account).exists()


def _webhook_for(
    account: Account, address: str, client: ImageKitClient, *, replace: bool
) -> tuple[RegisteredWebhook, Done]:
    ours = next((webhook for webhook in client.webhooks() if webhook.endpoint == address), None)
    if ours is None:
        if is_listening(account) and not replace:
            raise Refused(
                _(
                    "A secret is stored, and ImageKit has no webhook for %(address)s: another one may use it. Replace "
                    "it on purpose, or leave it."
                ),
                address=address,
            )
        return client.create_webhook(address, sorted(EVENTS)), Done.MADE
    if ours.is_enabled and ours.events >= EVENTS:
        return ours, Done.THERE
    return client.change_webhook(ours.id, sorted(EVENTS | ours.events)), Done.CHANGED


@sensitive_variables()
def _stored(account: Account) -> str:
    stored = WebhookSecret.objects.filter(account=account).first()
    return vault.decrypt(stored.ciphertext) if stored else ""


@contextmanager
def _alone(account: Account) -> Iterator[None]:
    """One set-up of an account at a time: two at once would each find no webhook and make one."""
    key = f"webhook-set-up-{account.pk}"
    if not cache.add(key, True, LONGEST_S):
        raise Refused(_("The webhook is being set up already. Look again in a moment."))
    try:
        yield
    finally:
        cache.delete(key)
