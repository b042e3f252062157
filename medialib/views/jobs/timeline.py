"""The course of a job as a picture: bars of files over time, and marks where waits, pauses and errors happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _

from medialib.models import DeletionJob
from medialib.services.audit.log import SYSTEM
from medialib.services.jobs import timeline
from medialib.services.jobs.timeline import SLOTS, CourseMoment, Timeline
from medialib.views.charts import Box, Rectangle, Slots

BOX, LANE = Box(960, 120), 16  # The lane below the bars is for the marks.
NARROWEST = 6.0  # So that a mark can be pointed at.
MAX_LISTED = 8
LAYERS = ("pause", "wait", "error")  # From the bottom, so that the short ones can be pointed at.


@dataclass(frozen=True)
class Mark:
    """A moment with its words and its place in the picture."""

    kind: str
    at: datetime
    seconds: float
    text: str
    call: int | None
    bar: Rectangle


@dataclass(frozen=True)
class DrawnTimeline(Timeline):
    @cached_property
    def bars(self) -> list[Rectangle]:
        slots = Slots(SLOTS, BOX, gap=1.0, indent=0.5)
        return [slots.bar(slot, BOX.height * count / self.peak) for slot, count in enumerate(self.files) if count]

    @cached_property
    def marks(self) -> list[Mark]:
        return [
            Mark(moment.kind, moment.at, moment.seconds, _words(moment), moment.call, self._place_of(moment))
            for moment in self.moments
        ]

    @property
    def layers(self) -> list[Mark]:
        """In the order in which they are drawn."""
        return sorted(self.marks, key=lambda mark: LAYERS.index(mark.kind))

    @property
    def listed(self) -> list[Mark]:
        """The latest, newest last; the picture shows them all."""
        return self.marks[-MAX_LISTED:]

    @property
    def unlisted(self) -> int:
        return len(self.marks) - len(self.listed)

    def _place_of(self, moment: CourseMoment) -> Rectangle:
        share = moment.seconds / (self.end - self.begin).total_seconds()
        width = min(max(NARROWEST, share * BOX.width), float(BOX.width))
        x = min(self.place(moment.at) * BOX.width, BOX.width - width)
        return Rectangle(x=x, y=BOX.height + 4, width=width, height=LANE - 4)


def drawn(course: Timeline) -> DrawnTimeline:
    return DrawnTimeline(course.begin, course.end, course.files, course.moments)


def drawn_timeline(job: DeletionJob) -> DrawnTimeline | None:
    """None before anything was sent."""
    course = timeline.timeline(job)
    return drawn(course) if course else None


def _words(moment: CourseMoment) -> str:
    if moment.kind == "wait":
        return _("ImageKit said: too many calls (429)")
    if moment.kind == "pause":
        by_itself = moment.text == SYSTEM.name
        return _("Paused by itself") if by_itself else _("Paused by %(name)s") % {"name": moment.text}
    return moment.text
