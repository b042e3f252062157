"""Django's admin: accounts, keys and memberships, and a read-only look at what is recorded."""

from medialib.admin.accounts import AccountAdmin
from medialib.admin.keys import ApiKeyAdmin
from medialib.admin.people import MembershipAdmin
from medialib.admin.records import AuditEventAdmin, DeletionJobAdmin, SyncRunAdmin

__all__ = ["AccountAdmin", "ApiKeyAdmin", "AuditEventAdmin", "DeletionJobAdmin", "MembershipAdmin", "SyncRunAdmin"]
