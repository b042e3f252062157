"""The tables: constraints, indexes and the queries that need them. Imports nothing else of ours but errors."""

from medialib.models.accounts import Account, AccountColour, ApiKey, KeyKind, KeyPurpose
from medialib.models.api.answers import KeptAnswer
from medialib.models.api.tokens import ApiToken, TokenScope
from medialib.models.assets import Asset, AssetKind, Removal
from medialib.models.audit.chain import AuditCursor, AuditSegment
from medialib.models.audit.events import AuditEvent, EventKind
from medialib.models.audit.index import AuditDay, AuditPath
from medialib.models.copies.kept import KeptContent, KeptCopy
from medialib.models.copies.restores import RestoreItem, RestoreJob, RestoreOutcome, RestoreState
from medialib.models.deletion.batches import Batch, BatchState, Exchange
from medialib.models.deletion.jobs import DeletionJob
from medialib.models.deletion.purges import PurgeRequest, PurgeState
from medialib.models.list_imports import ListImport, ListPart
from medialib.models.manifests import Item, Manifest, SkipCause
from medialib.models.memberships import Membership
from medialib.models.notices import Notice, NoticeChannel, NoticeKind, NoticeRoute, NoticeState
from medialib.models.outcomes import Ended, JobState, Outcome, PauseCode
from medialib.models.pacing import Pace, PaceKind
from medialib.models.protections import ProtectedFile, ProtectionKind, ProtectionRule
from medialib.models.saved_views import ListPreferences, SavedView
from medialib.models.selections import Selection, SelectionItem
from medialib.models.summaries import FolderTotal, LibrarySummary
from medialib.models.sync import SyncKind, SyncRun, SyncState
from medialib.models.webhooks import WebhookReceipt, WebhookSecret
from medialib.models.workers import Worker

__all__ = [
    "Account",
    "AccountColour",
    "ApiKey",
    "ApiToken",
    "Asset",
    "AssetKind",
    "AuditCursor",
    "AuditDay",
    "AuditEvent",
    "AuditPath",
    "AuditSegment",
    "Batch",
    "BatchState",
    "DeletionJob",
    "Ended",
    "EventKind",
    "Exchange",
    "FolderTotal",
    "Item",
    "JobState",
    "KeptAnswer",
    "KeptContent",
    "KeptCopy",
    "KeyKind",
    "KeyPurpose",
    "LibrarySummary",
    "ListImport",
    "ListPart",
    "ListPreferences",
    "Manifest",
    "Membership",
    "Notice",
    "NoticeChannel",
    "NoticeKind",
    "NoticeRoute",
    "NoticeState",
    "Outcome",
    "Pace",
    "PaceKind",
    "PauseCode",
    "ProtectedFile",
    "ProtectionKind",
    "ProtectionRule",
    "PurgeRequest",
    "PurgeState",
    "Removal",
    "RestoreItem",
    "RestoreJob",
    "RestoreOutcome",
    "RestoreState",
    "SavedView",
    "Selection",
    "SelectionItem",
    "SkipCause",
    "SyncKind",
    "SyncRun",
    "SyncState",
    "TokenScope",
    "WebhookReceipt",
    "WebhookSecret",
    "Worker",
]
