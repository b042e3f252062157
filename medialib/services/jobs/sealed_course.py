"""What the log tells of a job as a whole: confirmed once, ended once for each time it began, nothing done after that.

Whoever writes to the database can plant an event that is sealed like any other. None may tell the past anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from medialib.models import AuditEvent, DeletionJob, EventKind
from medialib.services.audit import entries


@dataclass(frozen=True)
class SealedCourse:
    """Its own events, oldest first."""

    events: list[AuditEvent]

    def of(self, kind: EventKind) -> list[AuditEvent]:
        return [event for event in self.events if event.event == kind]

    @property
    def confirmed(self) -> AuditEvent | None:
        """The first: what came later confirmed nothing."""
        return next(iter(self.of(EventKind.JOB_CONFIRMED)), None)

    @property
    def end(self) -> AuditEvent | None:
        """Its last end, unless it was taken up again to look unverified files up."""
        turns = self._turns()
        return turns[-1] if turns and turns[-1].event == EventKind.JOB_FINISHED else None

    @property
    def requested_by(self) -> str:
        """Who answers for it: who took it over, else whoever it was confirmed for."""
        taken_over = self.of(EventKind.JOB_TAKEN_OVER)
        if taken_over:
            return taken_over[-1].actor_name
        return str(self.confirmed.detail.get("in_the_name_of", self.confirmed.actor_name)) if self.confirmed else ""

    def _turns(self) -> list[AuditEvent]:
        return [event for event in self.events if event.event in (EventKind.JOB_FINISHED, EventKind.JOB_VERIFY)]

    def oddities(self, job: DeletionJob) -> Iterator[str]:
        """What cannot have happened so. Sentences for the reader of this moment."""
        if self.confirmed is None:
            yield _("nobody confirmed it")
        if len(self.of(EventKind.JOB_CONFIRMED)) > 1:
            yield _("it was confirmed more than once")
        kinds = [turn.event for turn in self._turns()]
        if any(kind != (EventKind.JOB_FINISHED, EventKind.JOB_VERIFY)[place % 2] for place, kind in enumerate(kinds)):
            yield _("it ended more often than it began")
        if (self.end is not None) != job.is_finished:
            yield _("whether it has ended is not what the log says")
        if self.end is not None and self.events[-1] != self.end:
            yield _("something was done to it after its end")


def course_of(job: DeletionJob) -> SealedCourse:
    return SealedCourse(list(entries.course_events(job)))
