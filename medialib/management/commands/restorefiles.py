"""Put deleted files back from their copies, as the pages do: freeze, confirm, run."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import CommandParser

from medialib.errors import WrongUse
from medialib.imagekit.types import FILE_ID
from medialib.management.base import MedialibCommand, Report, row_number
from medialib.management.files import read_list
from medialib.management.jobs import job_numbered
from medialib.management.people import person_who_may
from medialib.models import Account, KeptCopy, RestoreJob
from medialib.services.audit.log import Actor
from medialib.services.base.words import counted
from medialib.services.deletion.runner import worker_name
from medialib.services.restoring import controls, freezing, pages, runner
from medialib.services.restoring.freezing import FrozenRestore

MOST_LOOKED_AT = 500  # Ids by which the account is found.


class Command(MedialibCommand):
    help = "Restore deleted files from their copies: those of a job, or of a list of file ids."

    def arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--job", metavar="N", type=row_number, help="All files that this job deleted.")
        which.add_argument("--ids-file", metavar="FILE", help="File ids, one a line; - reads standard input.")
        parser.add_argument("--account", metavar="NAME", help="With --ids-file, where several accounts have such ids.")
        parser.add_argument("--reason", required=True, help="Why; it stays in the audit log.")
        parser.add_argument("--user", required=True, metavar="USERNAME", help="In whose name.")
        parser.add_argument("--keep-both", action="store_true", help="Put it beside another file at its path.")
        parser.add_argument("--wait", action="store_true", help="Run or await the restore to its end.")

    def work(self, *, reason: str, user: str, **options: Any) -> Report:
        if not reason.strip():
            raise WrongUse("A restore needs a reason: it stays in the audit log.")
        frozen = self._frozen(user, options)
        if frozen.without_copy:
            some = ", ".join(frozen.without_copy[:5])
            self.stderr.write(f"{counted(len(frozen.without_copy), 'file')} without a copy, left out: {some}")
        job = frozen.job
        actor = Actor.person(person_who_may("restore_files", user, account=job.account))
        controls.confirm(job, reason=reason, keeps_both=options["keep_both"], actor=actor)
        if options["wait"]:
            self._await(job)
        ok = not options["wait"] or (job.is_finished and all(each.is_success for each, n in job.counts if n))
        return Report([_sentence(job)], pages.report(job) | {"without_copy": frozen.without_copy}, ok=ok)

    def _frozen(self, user: str, options: dict[str, Any]) -> FrozenRestore:
        if options["job"] is not None:
            source = job_numbered(options["job"])
            actor = Actor.person(person_who_may("restore_files", user, account=source.account))
            return freezing.of_job(source, actor=actor)
        lines = read_list(options["ids_file"]).decode("utf-8-sig", "replace").split()
        if strange := next((line for line in lines if not FILE_ID.fullmatch(line)), None):
            raise WrongUse(f"Not a file id: {strange[:80]!r}.")
        account = _account_of(lines, options["account"])
        actor = Actor.person(person_who_may("restore_files", user, account=account))
        return freezing.of_files(account, lines, actor=actor)

    def _await(self, job: RestoreJob) -> None:
        """Ctrl-C ends the waiting, not the restore."""
        stop = threading.Event()
        earlier = signal.signal(signal.SIGINT, lambda *_: stop.set())
        try:
            runner.run_to_end(job, worker=worker_name(), stop=stop)
        finally:
            signal.signal(signal.SIGINT, earlier)


def _account_of(file_ids: list[str], name: str | None) -> Account:
    if name:
        return Account.objects.named(name)
    copies = KeptCopy.objects.filter(file_id__in=file_ids[:MOST_LOOKED_AT])
    found = list(Account.objects.filter(pk__in=copies.values("account"))[:2])
    if len(found) != 1:
        raise WrongUse("Name the account with --account: these ids have copies in none, or in several.")
    return found[0]


def _sentence(job: RestoreJob) -> str:
    said = ", ".join(f"{count:,} {outcome.value.replace('_', ' ')}" for outcome, count in job.counts if count)
    state = f"restore {job.pk} is {job.state}" + (f": {said}" if said else "")
    return f"{state}. {job.pause_cause}".strip() if job.state == "paused" else f"{state}."
