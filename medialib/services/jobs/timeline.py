"""The course of a job: files settled over time, and the waits, pauses and errors with their times.

Made from the job's calls, so it says what was sent and answered, never what was hoped.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from medialib.models import AuditEvent, DeletionJob, Ended, EventKind, Exchange
from medialib.services.base.clock import shared_now

SLOTS = 96  # Equal parts of the time, for which files are counted.
MAX_CALLS = 50_000  # Of a longer job, the last ones count.
ANSWERED = (200, 207)
FAILED = frozenset({Ended.REFUSED, Ended.LOST, Ended.LOOK_UP_FAILED})


@dataclass(frozen=True)
class TimedCall:
    pk: int
    kind: str
    file_count: int
    sent_at: datetime
    answered_at: datetime | None
    http_status: int | None
    ended: str
    result: str
    gone_count: int | None

    @property
    def settled(self) -> int:
        """Files that this call settled, as far as the picture shows it; the counters are exact."""
        if self.kind != "delete":
            return self.gone_count or 0
        return self.file_count if self.http_status in ANSWERED else 0

    @property
    def is_told_to_wait(self) -> bool:
        return self.ended == Ended.WAITED

    @property
    def has_failed(self) -> bool:
        return self.answered_at is not None and self.ended in FAILED


@dataclass(frozen=True)
class CourseMoment:
    """Something worth a look: `kind` is wait, pause or error; `call` the one that shows it best."""

    kind: str
    at: datetime
    seconds: float
    text: str = ""  # As recorded: who paused, or how the call ended.
    call: int | None = None


@dataclass(frozen=True)
class Timeline:
    begin: datetime
    end: datetime
    files: list[int]  # For each slot.
    moments: list[CourseMoment]

    @property
    def peak(self) -> int:
        """Of the files in one slot."""
        return max(*self.files, 1)

    @property
    def peak_per_s(self) -> float:
        return self.peak / max((self.end - self.begin).total_seconds() / SLOTS, 1)

    def place(self, at: datetime) -> float:
        """From 0 at the beginning to 1 at the end."""
        return _place(at, self.begin, self.end)

    def count(self, kind: str) -> int:
        return sum(moment.kind == kind for moment in self.moments)

    def seconds(self, kind: str) -> float:
        return sum(moment.seconds for moment in self.moments if moment.kind == kind)

    @property
    def waits(self) -> int:
        return self.count("wait")

    @property
    def waited_s(self) -> float:
        return self.seconds("wait")

    @property
    def pauses(self) -> int:
        return self.count("pause")

    @property
    def paused_s(self) -> float:
        return self.seconds("pause")

    @property
    def errors(self) -> int:
        return self.count("error")


def timeline(job: DeletionJob) -> Timeline | None:
    """None before anything was sent. Two queries."""
    calls = _calls(job)
    if not calls or job.started_at is None:
        return None
    begin = min(job.started_at, calls[0].sent_at)
    end = max(job.finished_at or shared_now(), begin + timedelta(seconds=1))
    return course(begin, end, calls, _pauses(job, end))


def course(begin: datetime, end: datetime, calls: list[TimedCall], pauses: list[CourseMoment]) -> Timeline:
    """What some calls say, in the order in which they were sent."""
    files = [0] * SLOTS
    for call in calls:
        if call.settled and call.answered_at:
            files[min(SLOTS - 1, int(_place(call.answered_at, begin, end) * SLOTS))] += call.settled
    moments = sorted([*_waits(calls, pauses, end), *pauses, *_errors(calls)], key=lambda moment: moment.at)
    return Timeline(begin, end, files, moments)


def _place(at: datetime, begin: datetime, end: datetime) -> float:
    return min(1.0, max(0.0, (at - begin) / (end - begin)))


def _calls(job: DeletionJob) -> list[TimedCall]:
    columns = ("pk", "kind", "file_count", "sent_at", "answered_at", "http_status", "ended", "result", "gone_count")
    rows = Exchange.objects.filter(batch__job=job).order_by("-pk").values_list(*columns)[:MAX_CALLS]
    return sorted((TimedCall(*row) for row in rows), key=lambda call: call.sent_at)


def _waits(calls: list[TimedCall], pauses: list[CourseMoment], end: datetime) -> list[CourseMoment]:
    """From an answer of 429 to the next call or pause. Answers that come while a wait runs belong to it."""
    sent = [call.sent_at for call in calls]
    found: list[CourseMoment] = []
    over = None
    for call in calls:
        at = call.answered_at
        if not call.is_told_to_wait or at is None or (over and at < over):
            continue
        following = bisect_right(sent, at)
        over = sent[following] if following < len(sent) else min(end, at + timedelta(seconds=1))
        over = min([over, *(pause.at for pause in pauses if pause.at >= at)])
        seconds = (over - at).total_seconds()
        found.append(CourseMoment("wait", at, seconds, call=call.pk))
    return found


def _pauses(job: DeletionJob, end: datetime) -> list[CourseMoment]:
    kinds = (EventKind.JOB_PAUSED, EventKind.JOB_RESUMED, EventKind.JOB_CANCELLED, EventKind.JOB_FINISHED)
    events = AuditEvent.objects.filter(job_id=job.pk, event__in=kinds).order_by("pk")
    found: list[CourseMoment] = []
    paused: AuditEvent | None = None
    for event in [*events, None]:
        if paused is not None and (event is None or event.event != EventKind.JOB_PAUSED):
            until = event.time if event else end
            found.append(CourseMoment("pause", paused.time, (until - paused.time).total_seconds(), paused.actor_name))
            paused = None
        if event is not None and event.event == EventKind.JOB_PAUSED and paused is None:
            paused = event
    return found


def _errors(calls: list[TimedCall]) -> list[CourseMoment]:
    return [
        CourseMoment("error", call.answered_at or call.sent_at, 0, call.result, call.pk)
        for call in calls
        if call.has_failed
    ]
