"""What may be asked of a job: each operation asks one service function, as its button does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router

from medialib.api.jobs import visible_job
from medialib.api.once import answer_once
from medialib.api.permits import Caller, Permit
from medialib.api.selections import MAY_DELETE
from medialib.api.shapes import FileId, JobFacts, JobNumber, ManifestFacts, Reason, Wish, job_facts, manifest_facts
from medialib.models import DeletionJob, TokenScope
from medialib.services.audit.log import Actor
from medialib.services.jobs import again, controls, unattended
from medialib.services.manifests.changes import Change

router = Router(tags=["controls"])
MAY_CONTROL = Permit(TokenScope.CONTROL, "delete_files")
Control = Callable[..., object]

# The word in the address, as on the page: what it does, the service, and whether a large job asks for a person.
CONTROLS: dict[str, tuple[str, Control]] = {
    "pause": ("Send nothing more until it is resumed", controls.pause),
    "resume": ("Let a paused job go on", controls.resume),
    "take-over": ("Answer for a paused job from here on, and let it go on", controls.take_over),
    "cancel": ("Send nothing more, for good", controls.cancel),
    "undo": ("Take the whole job back before it starts", controls.undo),
    "start": ("End the undo window now", controls.start_now),
    "verify": ("Look unverified files up again", controls.verify),
}


class SpeedWish(Wish):
    percent: Annotated[int, Field(ge=1, le=100, description="Share of what the account allows.")]


class WithoutWish(Wish):
    """Which files are taken out: those that changed in one of these ways since they were frozen, and these ids."""

    reason: Reason
    without: list[Change] = []
    file_ids: Annotated[list[FileId], Field(max_length=again.MAX_NAMED)] = []


def _operation(action: str, summary: str, control: Control) -> None:
    words = action.title().replace("-", "")

    @router.post(
        f"/jobs/{{job}}/{action}",
        auth=MAY_CONTROL,
        response=JobFacts,
        operation_id=f"{words[0].lower()}{words[1:]}Job",
        summary=summary,
        url_name=f"job-{action}",
    )
    def ask(request: HttpRequest, job: JobNumber) -> JobFacts:
        target, actor = visible_job(request, job), Caller.of(request).actor
        unattended.refuse_large(target, action, actor=actor)
        control(target, actor=actor)
        return _now(target)


for _action, (_summary, _control) in CONTROLS.items():
    _operation(_action, _summary, _control)


@router.post(
    "/jobs/{job}/speed",
    auth=MAY_CONTROL,
    response=JobFacts,
    operation_id="setSpeedOfJob",
    summary="Use another share of what the account allows",
)
def speed_job(request: HttpRequest, job: JobNumber, body: SpeedWish) -> JobFacts:
    target = visible_job(request, job)
    controls.set_speed(target, body.percent, actor=Caller.of(request).actor)
    return _now(target)


@router.post(
    "/jobs/{job}/retry",
    auth=MAY_DELETE,
    response={201: JobFacts},
    operation_id="retryJob",
    summary="A new job for the files that failed",
)
def retry_job(request: HttpRequest, job: JobNumber) -> HttpResponse:
    return _new_job(request, job, lambda target, actor: unattended.retry(target, actor=actor))


@router.post(
    "/jobs/{job}/smaller",
    auth=MAY_DELETE,
    response={201: JobFacts},
    operation_id="shrinkJob",
    summary="End a job of yours that has sent nothing, and ask anew without some of its files",
)
def shrink_job(request: HttpRequest, job: JobNumber, body: WithoutWish) -> HttpResponse:
    def shrink(target: DeletionJob, actor: Actor) -> DeletionJob:
        return unattended.shrink(
            target, actor=actor, reason=body.reason, without=body.without, file_ids=list(body.file_ids)
        )

    return _new_job(request, job, shrink)


@router.post(
    "/jobs/{job}/changed",
    auth=MAY_DELETE,
    response={201: ManifestFacts},
    operation_id="freezeChangedFiles",
    summary="Freeze, as they are now, the files that a job skipped because they had changed",
)
def freeze_changed_files(request: HttpRequest, job: JobNumber) -> HttpResponse:
    target, actor = visible_job(request, job), Caller.of(request).actor
    return answer_once(request, lambda: manifest_facts(again.freeze_changed(target, actor=actor)))


def _new_job(request: HttpRequest, number: int, make: Callable[[DeletionJob, Actor], DeletionJob]) -> HttpResponse:
    target, actor = visible_job(request, number), Caller.of(request).actor
    return answer_once(request, lambda: job_facts(make(target, actor)))


def _now(job: DeletionJob) -> JobFacts:
    job.refresh_from_db()
    return job_facts(job)
