"""Why a job paused, as the record says it in English. `recorded` shows each in the language of whoever reads it."""

from __future__ import annotations

from django.utils.translation import gettext_noop

UNTIL_RESUMED = gettext_noop("%(cause)s Nothing more is sent until somebody resumes.")
PAUSED_BY = gettext_noop("Paused by %(name)s.")
SAME_END = gettext_noop("%(count)s calls in a row ended the same way (%(error)s).")
MANY_FAILED = gettext_noop("%(failed)s of %(files)s files failed, more than %(percent)s %%.")
KEY_REFUSED = gettext_noop("ImageKit refused the account's key: %(error)s Nothing was deleted by that call.")
KEY_REFUSED_BEFORE = gettext_noop("ImageKit refused the account's key: %(error)s Nothing was sent.")
KEY_REFUSED_LATER = gettext_noop("ImageKit refused the account's key during a look-up: %(error)s")
UNEXPECTED = gettext_noop("Something unexpected: %(error)s")
REQUESTER_LEFT = gettext_noop("“%(name)s”, who asked for it, no longer has an account.")
REQUESTER_MAY_NOT = gettext_noop("“%(name)s”, who asked for it, may no longer delete files.")
REQUESTER_IS_OUTSIDE = gettext_noop("“%(name)s”, who asked for it, may no longer delete in this account.")
NO_KEY = gettext_noop("The account “%(account)s” has no private key. Add one in the admin under Accounts.")
STORAGE_FULL = gettext_noop("There is no room left for copies (%(error)s), and without a copy no file is deleted.")
STORAGE_FAILS = gettext_noop("The storage for copies fails (%(error)s), and without a copy no file is deleted.")
APPROVER_LEFT = gettext_noop("“%(name)s” no longer has an account.")
APPROVER_MAY_NOT = gettext_noop("“%(name)s” may not approve deletions.")
APPROVER_IS_OUTSIDE = gettext_noop("“%(name)s” is no member of this account.")

# In the order in which they are tried: one that stands inside others comes first.
CAUSES = (
    *(UNTIL_RESUMED, PAUSED_BY, SAME_END, MANY_FAILED, KEY_REFUSED, KEY_REFUSED_BEFORE, KEY_REFUSED_LATER, UNEXPECTED),
    *(REQUESTER_LEFT, REQUESTER_MAY_NOT, REQUESTER_IS_OUTSIDE, NO_KEY),
    *(STORAGE_FULL, STORAGE_FAILS),
    *(APPROVER_LEFT, APPROVER_MAY_NOT, APPROVER_IS_OUTSIDE),
)
