"""Bulk jobs: what ImageKit does to a whole folder, and how far it is."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from medialib.sandbox.http.answers import HELP, Refusal, Response, json_answer

PURGE_FAILED = "Folder renamed successfully but purging cache on nested files failed."


@dataclass
class Job:
    type: str  # COPY_FOLDER, MOVE_FOLDER, RENAME_FOLDER
    purge_request_id: str = ""
    has_purge_failed: bool = False
    looks: int = 0


class Jobs:
    """The work is done when the job is asked for; its status is Pending at the first look, as with a purge."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def add(self, job: Job) -> dict[str, str]:
        job_id = uuid4().hex[:24]
        with self._lock:
            self._jobs[job_id] = job
        return {"jobId": job_id}

    def status(self, job_id: str) -> Response:
        """Raises Refusal (404) for an unknown job."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                raise Refusal(404, "The requested job does not exist.")
            job.looks += 1
            return _answer(job, {"jobId": job_id, "type": job.type})


def _answer(job: Job, about: dict[str, Any]) -> Response:
    if job.looks == 1:
        return json_answer(200, {**about, "status": "Pending"})
    if job.has_purge_failed:
        return json_answer(207, {**about, "status": "Partial success", "message": PURGE_FAILED, "help": HELP})
    purge = {"purgeRequestId": job.purge_request_id} if job.purge_request_id else {}
    return json_answer(200, {**about, "status": "Completed", **purge})
