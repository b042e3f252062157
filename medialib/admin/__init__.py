"""Django's admin: accounts, keys and memberships, and a read-only look at what is recorded."""

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django_tasks_db.models import DBTaskResult

from medialib.admin.accounts import AccountAdmin
from medialib.admin.keys import ApiKeyAdmin
from medialib.admin.people import MembershipAdmin, PersonAdmin, RightsAdmin, SecondFactorAdmin
from medialib.admin.records import AuditEventAdmin, DeletionJobAdmin, SyncRunAdmin

__all__ = [
    "AccountAdmin",
    "ApiKeyAdmin",
    "AuditEventAdmin",
    "DeletionJobAdmin",
    "MembershipAdmin",
    "PersonAdmin",
    "RightsAdmin",
    "SecondFactorAdmin",
    "SyncRunAdmin",
]

# Rows that libraries keep for themselves: nobody has to look at them, and some hold secrets.
for model in (EmailAddress, SocialAccount, SocialApp, SocialToken, UserSession, DBTaskResult):
    admin.site.unregister(model)
