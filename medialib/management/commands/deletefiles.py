"""Delete files of an account, listed or all: freeze, show, confirm, run; the same path as the pages."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError, transaction

from medialib.errors import ManifestChanged, MedialibError, Refused, WrongUse
from medialib.management.base import MedialibCommand, Report
from medialib.management.files import read_list
from medialib.management.people import person_who_may
from medialib.models import Account, DeletionJob, Manifest, Outcome
from medialib.services.accounts import keys
from medialib.services.audit.log import Actor
from medialib.services.base.words import counted
from medialib.services.deletion import runner
from medialib.services.jobs import controls
from medialib.services.jobs.report import job_report, job_sentence
from medialib.services.manifests import emptying, freezing
from medialib.services.manifests.freezing import FrozenList
from medialib.services.manifests.plan import deletion_plan
from medialib.services.selections.list_matching import ListedIds, in_words, listed_ids

NOT_LISTED = ListedIds([], 0, [], is_guessed=False)
MOST_PROBLEMS = 20  # Lines of the list that are named one by one.


class Command(MedialibCommand):
    help = "Delete files for ever, with all their versions: those of a list of ids, paths or addresses, or all."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="Name of the account.")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--ids-file", metavar="FILE", help="File ids, paths or addresses; - reads standard input.")
        which.add_argument("--all", action="store_true", help="Empty the library; protected files stay.")
        parser.add_argument("--confirm-name", metavar="NAME", help="With --all: the name of the account once more.")
        parser.add_argument("--reason", required=True, help="Why; it stays in the audit log.")
        parser.add_argument("--user", required=True, metavar="USERNAME", help="In whose name.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Print the plan and the manifest's hash; leave nothing behind."
        )
        parser.add_argument("--yes", action="store_true", help="Do not ask.")
        parser.add_argument("--confirm-count", type=int, metavar="N", help="Refuse unless exactly N files were frozen.")
        parser.add_argument("--start-after", type=int, metavar="SECONDS", help="Undo window; otherwise the account's.")
        parser.add_argument("--purge-cache", action="store_true", help="Purge the CDN afterwards, one purge a file.")
        parser.add_argument("--wait", action="store_true", help="Run or await the job to its end.")

    def work(self, *, name: str, ids_file: str | None, reason: str, user: str, **options: Any) -> Report:
        account = Account.objects.named(name)
        actor = Actor.person(person_who_may("delete_files", user, account=account))
        self._check(reason, options)
        listed = NOT_LISTED if ids_file is None else _listed(account, ids_file)
        self._mention_list(listed)
        if ids_file is None:
            frozen = _all_of(account, actor, options)
        else:
            with keys.client_for(account) as client:
                freeze = freezing.preview_file_ids if options["dry_run"] else freezing.freeze_file_ids
                frozen = freeze(account, listed.file_ids, actor=actor, client=client)
        self._mention(frozen)
        _check_count(frozen.manifest, options["confirm_count"])
        if options["dry_run"]:
            return _plan_report(frozen, listed)
        if not options["yes"]:
            self._ask(frozen.manifest)
        job = controls.open_deletion_job(
            manifest=frozen.manifest,
            actor=actor,
            reason=reason,
            purge_cache=options["purge_cache"],
            start_after_s=options["start_after"],
        )
        return self._await(job) if options["wait"] else Report([job_sentence(job)], job_report(job))

    def _check(self, reason: str, options: dict[str, Any]) -> None:
        """What can be refused before anything is looked up."""
        if not reason.strip():
            raise WrongUse("A deletion needs a reason: it stays in the audit log.")
        if not 0 <= (options["start_after"] or 0) <= controls.MAX_START_AFTER_S:
            raise WrongUse(f"--start-after takes seconds from now, 0 to {controls.MAX_START_AFTER_S:,}.")
        if (
            options["all"]
            and not options["dry_run"]
            and (options["confirm_count"] is None or not options["confirm_name"])
        ):
            raise WrongUse("--all empties the library: add --confirm-name NAME and --confirm-count N, see --dry-run.")
        if not options["yes"] and not options["dry_run"] and not sys.stdin.isatty():
            raise WrongUse("Nobody is there to be asked: add --yes to delete, or --dry-run to see the plan.")

    def _mention_list(self, listed: ListedIds) -> None:
        if listed.is_guessed:
            self.stderr.write("The list is not UTF-8, so it was read as Windows-1252.")
        if listed.duplicates:
            self.stderr.write(f"{counted(listed.duplicates, 'repeated line')}: each file counts once.")
        if listed.problems:
            self.stderr.write(f"{counted(len(listed.problems), 'line')} of the list named no file:")
            for found in listed.problems[:MOST_PROBLEMS]:
                self.stderr.write(f"  {in_words(found)}")

    def _mention(self, frozen: FrozenList) -> None:
        if frozen.strangers:
            self.stderr.write(f"Not a file id, so left out: {_some(frozen.strangers)}")
        if frozen.outside:
            what = counted(frozen.outside, "file")
            self.stderr.write(f"{what} outside the folders in which this person may delete: left where they are.")
        if frozen.protected.files:
            self.stderr.write(f"{counted(frozen.protected.files, 'file')} protected by a rule, to be skipped:")
            for each in frozen.protected.rules:
                self.stderr.write(f"  {each.rule}: {counted(each.files, 'file')}: {each.rule.reason}")
            if others := frozen.protected.others:
                self.stderr.write(f"  and {counted(others, 'rule')} more, see listprotections")
        if stays := frozen.manifest.source.get("protected"):
            self.stderr.write(f"{counted(stays, 'file')} protected by a rule: left where they are.")
        if frozen.unknown:
            what = counted(len(frozen.unknown), "id")
            self.stderr.write(f"{what} not known to ImageKit, to count as already gone: {_some(frozen.unknown)}")

    def _ask(self, manifest: Manifest) -> None:
        """Ask on the terminal; a large deletion wants its number typed. Raises Refused for any other answer."""
        plan = deletion_plan(manifest)
        for line in plan.lines():
            self.stderr.write(line)
        expected = str(manifest.file_count) if plan.must_type_number else "yes"
        if (
            input(f"Type {expected} to delete {counted(manifest.file_count, 'file')} on {manifest.account}: ").strip()
            != expected
        ):
            raise Refused("Not confirmed; nothing was deleted.")

    def _await(self, job: DeletionJob) -> Report:
        """Ctrl-C ends the waiting, not the job: what is in flight is settled, and the person is told how to cancel."""
        stop = threading.Event()
        earlier = signal.signal(signal.SIGINT, lambda *_: stop.set())
        try:
            runner.run_to_end(job, stop=stop)
        except DatabaseError as error:
            raise MedialibError(f"Job {job.pk} is under way, but it cannot be awaited here: {error}") from error
        finally:
            signal.signal(signal.SIGINT, earlier)
        if stop.is_set() and not job.is_finished:
            self.stderr.write(
                f"Stopped waiting. Job {job.pk} goes on where a worker runs; “controljob {job.pk} cancel” ends it."
            )
        ok = job.is_finished and all(outcome.is_success for outcome, count in job.counts if count)
        if not job.is_finished:
            self.stderr.write(job_sentence(job))
        return Report([job_sentence(job)], job_report(job), ok=ok)


def _listed(account: Account, ids_file: str) -> ListedIds:
    name = "Standard input" if ids_file == "-" else ids_file
    return listed_ids(account, read_list(ids_file), name=name)


def _all_of(account: Account, actor: Actor, options: dict[str, Any]) -> FrozenList:
    """Every file that may go. Nothing of a dry run is left."""
    if not options["dry_run"] and options["confirm_name"] != account.name:
        raise WrongUse(f"--confirm-name is not “{account}”, so nothing was frozen.")
    with transaction.atomic():
        manifest = emptying.freeze_library(account, actor=actor)
        transaction.set_rollback(options["dry_run"])
    return FrozenList(manifest, 0, [], outside=manifest.source.get("outside_scope", 0))


def _some(texts: Sequence[str]) -> str:
    return ", ".join(texts[:5]) + ("…" if len(texts) > 5 else "")


def _check_count(manifest: Manifest, expected: int | None) -> None:
    if expected is not None and expected != manifest.file_count:
        raise ManifestChanged(
            f"The frozen manifest holds {counted(manifest.file_count, 'file')}, not {expected:,}; nothing was deleted."
        )


def _plan_report(frozen: FrozenList, listed: ListedIds) -> Report:
    manifest, plan = frozen.manifest, deletion_plan(frozen.manifest)
    counts = dict.fromkeys(Outcome.values, 0)
    return Report(
        plan.lines(),
        {
            "job": None,
            "manifest_sha256": manifest.sha256,
            "requested": manifest.file_count,
            **counts,
            "dry_run": True,
            "calls": plan.calls,
            "seconds": plan.seconds,
            "total_bytes": manifest.total_bytes,
            "protected": frozen.protected.files,
            "protected_by": {str(each.rule): each.files for each in frozen.protected.rules},
            "outside": frozen.outside,
            "not_taken": [in_words(found) for found in listed.problems],
        },
    )
