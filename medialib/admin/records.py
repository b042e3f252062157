"""A read-only look at what is recorded."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from medialib.admin.guards import AccountFilter, ReadOnlyAdmin
from medialib.models import AuditEvent, DeletionJob, SyncRun


@admin.register(DeletionJob)
class DeletionJobAdmin(ReadOnlyAdmin):
    permission = "medialib.view_library"
    list_display = ("id", "account", "requested_by_name", "reason", "state", "file_count", "deleted", "created_at")
    list_display_links = ("id",)
    list_select_related = ("account",)
    list_filter = ("state", AccountFilter)


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    permission = "medialib.view_library"
    list_display = ("id", "account", "state", "started_at", "finished_at", "seen", "added", "changed", "removed")
    list_display_links = ("id",)
    list_select_related = ("account",)
    list_filter = ("state", AccountFilter)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    permission = "medialib.view_audit"
    list_display = ("id", "time", "event", "actor_name", "account_name", "job_id", "file_path", "outcome", "reason")
    list_display_links = ("id",)
    list_filter = ("event", "outcome")
    search_fields = ("file_id__exact", "actor_name__exact")  # What an index answers.
    search_help_text = _("A whole file id or a whole name. The audit page searches further.")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # Without the foreign keys, which may point to what is long gone; the copied names stay.
        return [field.name for field in self.opts.concrete_fields if not field.is_relation] + ["job_id"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_readonly_fields(request, obj)
