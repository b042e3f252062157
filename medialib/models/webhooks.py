"""WebhookSecret; WebhookReceipt: an event from ImageKit, remembered for as long as it could be sent again."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account


class WebhookSecret(models.Model):
    """What ImageKit signs an account's events with, encrypted like the keys."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="webhook_secret")
    ciphertext = models.TextField(editable=False)
    set_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name, verbose_name_plural = _("webhook secret"), _("webhook secrets")

    def __str__(self) -> str:
        return f"webhook secret of {self.account_id}"


class WebhookReceiptQuerySet(models.QuerySet["WebhookReceipt"]):
    def take(self, account: Account, event_id: str, *, at: datetime) -> bool:
        """Note that an event came; False when it came before."""
        try:
            with transaction.atomic():
                self.create(account=account, event_id=event_id, received_at=at)
        except IntegrityError:
            return False
        return True


class WebhookReceipt(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    event_id = models.CharField(max_length=200)
    received_at = models.DateTimeField(db_index=True)

    objects = WebhookReceiptQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("webhook receipt"), _("webhook receipts")
        constraints = [models.UniqueConstraint(fields=["account", "event_id"], name="webhook_once")]

    def __str__(self) -> str:
        return self.event_id
