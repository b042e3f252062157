"""Frozen lists: what confirming them means, and the confirmation."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from medialib.api.once import answer_once
from medialib.api.permits import Caller
from medialib.api.problems import not_found
from medialib.api.selections import MAY_DELETE
from medialib.api.shapes import JobFacts, Limit, ManifestFacts, Reason, RowCursor, Wish, job_facts, manifest_facts
from medialib.models import Manifest
from medialib.models.sql import MAX_INTEGER
from medialib.services.deletion import purge
from medialib.services.jobs import unattended
from medialib.services.jobs.controls import AlreadySubmitted
from medialib.services.manifests import review
from medialib.services.manifests.plan import deletion_plan
from medialib.services.manifests.review import Breakdown

router = Router(tags=["manifests"])


class ConfirmWish(Wish):
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$", description="The hash of the list, as it was frozen.")]
    file_count: int = Field(ge=1, le=MAX_INTEGER, description="How many files the list holds.")
    reason: Reason
    purge_cache: bool = Field(False, description="Also purge the deleted addresses from the CDN.")


class FrozenFacts(Schema):
    """A file of a list, as it was frozen; `outcome` is empty until it has one."""

    position: int
    file_id: str
    path: str
    size_bytes: int
    version: str
    outcome: str
    evidence: str


class FrozenPage(Schema):
    items: list[FrozenFacts]
    next: str | None


class GroupFacts(Schema):
    name: str
    file_count: int
    total_bytes: int


class RuleInWay(Schema):
    rule: int | None
    words: str
    reason: str
    files: int


class PlanFacts(Schema):
    """What the review page shows."""

    manifest: ManifestFacts
    calls: int
    seconds: int = Field(description="About, at the pace of the account.")
    undo_window_s: int
    library_percent: float
    needs_approval: bool
    needs_person: bool = Field(description="Whether only a person can confirm it, on the page `manifest.review`.")
    needs_person_because: str
    flags: dict[str, int] = Field(description="Files that should make you look twice, by what is odd about them.")
    protected_by: list[RuleInWay]
    folders: list[GroupFacts]
    kinds: list[GroupFacts]
    purges_left: int = Field(description="CDN purges that the account has left this month.")


@router.get(
    "/manifests/{manifest}",
    auth=MAY_DELETE,
    response=ManifestFacts,
    operation_id="getManifest",
    summary="A frozen list",
)
def get_manifest(request: HttpRequest, manifest: UUID) -> ManifestFacts:
    return manifest_facts(_mine(request, manifest))


@router.get(
    "/manifests/{manifest}/items",
    auth=MAY_DELETE,
    response=FrozenPage,
    operation_id="listManifestItems",
    summary="The files of a frozen list",
)
def list_manifest_items(request: HttpRequest, manifest: UUID, limit: Limit = 100, cursor: RowCursor = "") -> FrozenPage:
    items = _mine(request, manifest).items.order_by("position")
    if cursor:
        items = items.filter(position__gt=min(int(cursor), MAX_INTEGER))
    rows = list(items[: limit + 1])
    facts = [
        FrozenFacts(
            position=item.position,
            file_id=item.file_id,
            path=item.path,
            size_bytes=item.size_bytes,
            version=item.version_name,
            outcome=item.outcome,
            evidence=item.evidence,
        )
        for item in rows[:limit]
    ]
    return FrozenPage(items=facts, next=str(facts[-1].position) if len(rows) > limit else None)


@router.get(
    "/manifests/{manifest}/plan",
    auth=MAY_DELETE,
    response=PlanFacts,
    operation_id="planManifest",
    summary="What deleting a frozen list takes and asks for",
)
def plan_manifest(request: HttpRequest, manifest: UUID) -> PlanFacts:
    frozen = _mine(request, manifest)
    plan = deletion_plan(frozen, proved_at=Caller.of(request).actor.proved_at)
    overview, because = review.manifest_overview(plan), unattended.why_needs_person(plan)
    return PlanFacts(
        manifest=manifest_facts(frozen),
        calls=plan.calls,
        seconds=plan.seconds,
        undo_window_s=plan.undo_window_s,
        library_percent=overview.library_percent,
        needs_approval=plan.needs_approval,
        needs_person=because is not None,
        needs_person_because=str(because) % {"count": f"{plan.files:,}"} if because else "",
        flags=vars(overview.flags),
        protected_by=[
            RuleInWay(rule=each.rule.pk, words=each.rule.in_words(), reason=each.rule.reason, files=each.files)
            for each in overview.protected.rules
        ],
        folders=_groups(overview.folders),
        kinds=_groups(overview.kinds),
        purges_left=purge.quota(frozen.account).left,
    )


@router.post(
    "/manifests/{manifest}/confirm",
    auth=MAY_DELETE,
    response={201: JobFacts},
    operation_id="confirmManifest",
    summary="Delete exactly the files of a frozen list, for ever",
)
def confirm_manifest(request: HttpRequest, manifest: UUID, body: ConfirmWish) -> HttpResponse:
    """A list that was confirmed before is answered with its one job."""
    caller, frozen = Caller.of(request), _mine(request, manifest)

    def make() -> JobFacts:
        try:
            job = unattended.confirm(
                frozen,
                actor=caller.actor,
                sha256=body.sha256,
                file_count=body.file_count,
                reason=body.reason,
                purge_cache=body.purge_cache,
            )
        except AlreadySubmitted as error:
            job = error.job
        return job_facts(job)

    return answer_once(request, make)


def _mine(request: HttpRequest, manifest_id: UUID) -> Manifest:
    """Only who froze a list may see it before it is a job, and confirm it: as on the page."""
    user = Caller.of(request).user
    mine = Manifest.objects.frozen_by(user).visible_to(user).exclude(sha256="")
    manifest = mine.select_related("account", "frozen_by").filter(pk=manifest_id).first()
    if manifest is None:
        raise not_found("You have frozen no list with this id.")
    return manifest


def _groups(breakdown: Breakdown) -> list[GroupFacts]:
    return [
        GroupFacts(name=group.name, file_count=group.file_count, total_bytes=group.total_bytes)
        for group in breakdown.groups
    ]
