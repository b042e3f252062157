from __future__ import annotations

from typing import Any

from medialib.management.base import MedialibCommand, Report, operator
from medialib.services.audit.seal import care


class Command(MedialibCommand):
    help = "Sign the audit log with a new key from now on. The old key names it in its last seal, then it is removed."

    def work(self, **options: Any) -> Report:
        old, new = care.rotate_key(actor=operator())
        lines = [f"The audit log is signed by {new} from now on; until now it was {old}.", care.COPY_KEY]
        return Report(lines, {"key": new, "key_before": old})
