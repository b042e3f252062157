"""The course of a job as a picture: files settled over time, with waits, pauses and errors marked where they happened.

Made from the job's calls, so it shows what was sent and answered, never what was hoped.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from medialib.models import AuditEvent, DeletionJob, Ended, EventKind, Exchange
from medialib.services.audit.log import SYSTEM
from medialib.services.base.clock import shared_now

BARS = 96
WIDTH, HEIGHT, LANE = 960.0, 120.0, 16.0  # Of the drawing, in its own units; the lane is for the marks below the bars.
MOMENTS = 8
MOST_CALLS = 50_000  # Of a longer job, the last ones are drawn.
ANSWERED = (200, 207)
FAILED = frozenset({Ended.REFUSED, Ended.LOST, Ended.LOOK_UP_FAILED})
LAYERS = ("pause", "wait", "error")  # From the bottom, so that the short ones can be pointed at.


@dataclass(frozen=True)
class Call:
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
class Bar:
    """Numbers as SVG wants them, whatever the reader's language."""

    x: str
    y: str
    width: str
    height: str
    title: str = ""


@dataclass(frozen=True)
class Moment:
    """Something worth a look: `kind` is wait, pause or error; `call` the one that shows it best."""

    kind: str
    at: datetime
    seconds: float
    text: str
    call: int | None = None
    bar: Bar | None = None


@dataclass(frozen=True)
class Timeline:
    begin: datetime
    end: datetime
    bars: list[Bar]
    moments: list[Moment]
    peak_per_s: float

    @property
    def layers(self) -> list[Moment]:
        """In the order in which they are drawn."""
        return sorted(self.moments, key=lambda moment: LAYERS.index(moment.kind))

    @property
    def listed(self) -> list[Moment]:
        """The latest, newest last; the picture shows them all."""
        return self.moments[-MOMENTS:]

    @property
    def unlisted(self) -> int:
        return len(self.moments) - len(self.listed)

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
    return draw(begin, end, calls, _pauses(job, end))


def draw(begin: datetime, end: datetime, calls: list[Call], pauses: list[Moment]) -> Timeline:
    """The picture of some calls, in the order in which they were sent."""
    scale = _Scale(begin, (end - begin).total_seconds())
    files = scale.counted(calls)
    peak = max(*files, 1)
    moments = sorted([*_waits(calls, pauses, end), *pauses, *_errors(calls)], key=lambda moment: moment.at)
    marked = [scale.marked(moment) for moment in moments]
    return Timeline(begin, end, scale.bars(files, peak), marked, peak / max(scale.seconds / BARS, 1))


def _calls(job: DeletionJob) -> list[Call]:
    columns = ("pk", "kind", "file_count", "sent_at", "answered_at", "http_status", "ended", "result", "gone_count")
    rows = Exchange.objects.filter(batch__job=job).order_by("-pk").values_list(*columns)[:MOST_CALLS]
    return sorted((Call(*row) for row in rows), key=lambda call: call.sent_at)


def _waits(calls: list[Call], pauses: list[Moment], end: datetime) -> list[Moment]:
    """From an answer of 429 to the next call or pause. Answers that come while a wait runs belong to it."""
    sent = [call.sent_at for call in calls]
    found: list[Moment] = []
    over = None
    for call in calls:
        at = call.answered_at
        if not call.is_told_to_wait or at is None or (over and at < over):
            continue
        following = bisect_right(sent, at)
        over = sent[following] if following < len(sent) else min(end, at + timedelta(seconds=1))
        over = min([over, *(pause.at for pause in pauses if pause.at >= at)])
        seconds = (over - at).total_seconds()
        found.append(Moment("wait", at, seconds, _("ImageKit said: too many calls (429)"), call.pk))
    return found


def _pauses(job: DeletionJob, end: datetime) -> list[Moment]:
    kinds = (EventKind.JOB_PAUSED, EventKind.JOB_RESUMED, EventKind.JOB_CANCELLED, EventKind.JOB_FINISHED)
    events = AuditEvent.objects.filter(job_id=job.pk, event__in=kinds).order_by("pk")
    found: list[Moment] = []
    paused: AuditEvent | None = None
    for event in [*events, None]:
        if paused is not None and (event is None or event.event != EventKind.JOB_PAUSED):
            until = event.time if event else end
            who = paused.actor_name
            text = _("Paused by %(name)s") % {"name": who} if who != SYSTEM.name else _("Paused by itself")
            found.append(Moment("pause", paused.time, (until - paused.time).total_seconds(), text))
            paused = None
        if event is not None and event.event == EventKind.JOB_PAUSED and paused is None:
            paused = event
    return found


def _errors(calls: list[Call]) -> list[Moment]:
    return [
        Moment("error", call.answered_at or call.sent_at, 0, call.result, call.pk) for call in calls if call.has_failed
    ]


@dataclass(frozen=True)
class _Scale:
    """Turns times into places in the drawing."""

    begin: datetime
    seconds: float

    def place(self, at: datetime) -> float:
        """From 0 to 1."""
        return min(1.0, max(0.0, (at - self.begin).total_seconds() / self.seconds))

    def counted(self, calls: list[Call]) -> list[int]:
        files = [0] * BARS
        for call in calls:
            if call.settled and call.answered_at:
                files[min(BARS - 1, int(self.place(call.answered_at) * BARS))] += call.settled
        return files

    def bars(self, files: list[int], peak: int) -> list[Bar]:
        step = WIDTH / BARS
        heights = [(number, HEIGHT * count / peak) for number, count in enumerate(files) if count]
        return [
            Bar(f"{number * step + 0.5:.1f}", f"{HEIGHT - height:.1f}", f"{step - 1:.1f}", f"{height:.1f}")
            for number, height in heights
        ]

    def marked(self, moment: Moment) -> Moment:
        start = self.place(moment.at) * WIDTH
        width = max(6.0, moment.seconds / self.seconds * WIDTH)
        x = min(start, WIDTH - width)
        bar = Bar(f"{max(0.0, x):.1f}", f"{HEIGHT + 4:.0f}", f"{min(width, WIDTH):.1f}", f"{LANE - 4:.0f}", moment.text)
        return Moment(moment.kind, moment.at, moment.seconds, moment.text, moment.call, bar)
