"""A job in numbers and in one sentence, the same for the command line and for what programs read."""

from __future__ import annotations

from typing import Any

from medialib.models import DeletionJob, JobState


def job_report(job: DeletionJob) -> dict[str, Any]:
    """The job's number, its manifest's hash, and one count an outcome; `requested` is what they add up to."""
    counts = {outcome.value: count for outcome, count in job.counts}
    return {
        "job": job.pk,
        "manifest_sha256": job.manifest.sha256,
        "requested": job.file_count,
        **counts,
        "left": job.left,
        "state": job.state,
        "calls": job.calls,
    }


def job_sentence(job: DeletionJob) -> str:
    """Where the job stands, computed from its outcomes."""
    counts = [(count, str(outcome.label)) for outcome, count in job.counts] + [(job.left, "left")]
    parts = ", ".join(f"{count:,} {word}" for count, word in counts if count) or "no files"
    cause = f" {job.pause_cause}" if job.state == JobState.PAUSED else ""
    return f"Job {job.pk} is {JobState(job.state).label}: {parts}.{cause}"
