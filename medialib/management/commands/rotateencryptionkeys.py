from __future__ import annotations

from typing import Any

from medialib.management.base import MedialibCommand, Report, operator
from medialib.services.accounts import reencryption


class Command(MedialibCommand):
    help = (
        "Encrypt the stored private keys anew with the first of FIELD_ENCRYPTION_KEYS. Put a new key first in that "
        "setting, restart, run this, then take the old key out. Everything keeps working meanwhile."
    )

    def work(self, **options: Any) -> Report:
        result = reencryption.reencrypt_keys(actor=operator())
        lines = [f"Encrypted {result.done} stored key{'' if result.done == 1 else 's'} with the newest encryption key."]
        error = ""
        if result.unreadable:
            error = f"No encryption key fits these, which stay as they are: {', '.join(result.unreadable)}."
        data = {"reencrypted": result.done, "unreadable": list(result.unreadable)}
        return Report(lines, data, ok=not error, error=error)
