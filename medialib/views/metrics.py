"""The numbers of services/jobs/vitals.py as Prometheus names them. docs/ops/metrics.md says what each one is for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from medialib import __version__
from medialib.models import JobState, Outcome, PauseCode, SyncState
from medialib.models.workers import SILENT_AFTER
from medialib.services.base.clock import shared_now
from medialib.services.jobs import vitals


class VitalsCollector(Collector):
    """Asks the database at each scrape: a web process keeps no count of its own."""

    def collect(self) -> Iterator[Metric]:
        at = shared_now()
        yield gauge("build_info", "Version of the program.", ["version"], {(__version__,): 1})
        yield from of_jobs(list(vitals.job_groups()))
        yield gauge("batches_open", "Batches with files that wait for their outcome.", [], {(): vitals.open_batches()})
        yield from of_workers(vitals.heartbeat_ages(at))
        yield from of_syncs(list(vitals.syncs(at)))
        yield from of_paces(at)
        yield from of_audit(vitals.audit(at))


Samples = dict[tuple[str, ...], float]


def gauge(name: str, help_text: str, labels: list[str], samples: Samples) -> Metric:
    family = GaugeMetricFamily(f"medialib_{name}", help_text, labels=labels)
    for values, number in samples.items():
        family.add_metric(values, number)
    return family


def counter(name: str, help_text: str, labels: list[str], samples: Samples) -> Metric:
    """Its samples end in _total."""
    family = CounterMetricFamily(f"medialib_{name}", help_text, labels=labels)
    for values, number in samples.items():
        family.add_metric(values, number)
    return family


def of_jobs(groups: list[vitals.JobGroup]) -> Iterator[Metric]:
    accounts = sorted({group.account for group in groups})
    jobs: Counter[tuple[str, ...]] = Counter({(name, state): 0 for name in accounts for state in JobState.values})
    paused: Counter[tuple[str, ...]] = Counter({(name, code): 0 for name in accounts for code in PauseCode.values})
    final = [outcome for outcome in Outcome if outcome.is_final]
    settled: Counter[tuple[str, ...]] = Counter({(name, outcome): 0 for name in accounts for outcome in final})
    unverified, left, calls, refused = (Counter[tuple[str, ...]]({(name,): 0 for name in accounts}) for _ in range(4))
    for group in groups:
        one = (group.account,)
        jobs[group.account, group.state] += group.jobs
        if group.state == JobState.PAUSED:
            paused[group.account, group.pause_code] += group.jobs
        settled.update({(group.account, outcome): group.outcomes[outcome] for outcome in final})
        unverified[one] += sum(count for outcome, count in group.outcomes.items() if not outcome.is_final)
        left[one] += group.files_left
        calls[one] += group.calls
        refused[one] += group.refused_calls
    yield gauge("jobs", "Jobs by their state.", ["account", "state"], dict(jobs))
    yield gauge("jobs_paused", "Paused jobs by what paused them.", ["account", "cause"], dict(paused))
    waiting: Samples = {(): float(vitals.awaiting_approval())}
    yield gauge("jobs_awaiting_approval", "Jobs that another person has to approve.", [], waiting)
    yield counter("files_settled", "Files by the outcome that is final.", ["account", "outcome"], dict(settled))
    yield gauge("files_unverified", "Files of which nobody knows what became of them.", ["account"], dict(unverified))
    yield gauge("files_left", "Files of jobs that wait for their outcome.", ["account"], dict(left))
    yield counter("calls", "Delete calls sent to ImageKit.", ["account"], dict(calls))
    yield counter("calls_refused", "Calls that ImageKit answered with 429.", ["account"], dict(refused))


def of_workers(ages: list[float]) -> Iterator[Metric]:
    alive = sum(age < SILENT_AFTER.total_seconds() for age in ages)
    yield gauge("workers_alive", "Workers that reported in the last 30 seconds.", [], {(): alive})
    youngest: Samples = {(): ages[0]} if ages else {}
    yield gauge("worker_heartbeat_age_seconds", "Since a worker last reported; none without workers.", [], youngest)


def of_syncs(syncs: list[vitals.SyncVitals]) -> Iterator[Metric]:
    ages: Samples = {(one.account,): one.age_s for one in syncs if one.age_s is not None}
    yield gauge("sync_age_seconds", "Since the last complete sync began; none before it.", ["account"], ages)
    states: Samples = {(one.account, state): one.state == state for one in syncs for state in SyncState.values}
    yield gauge("sync_state", "1 for the state of the newest sync.", ["account", "state"], states)
    withheld: Samples = {(one.account,): one.asks_about for one in syncs}
    yield gauge("sync_files_withheld", "Files that a person has to accept as gone.", ["account"], withheld)


def of_paces(at: datetime) -> Iterator[Metric]:
    waits: Samples = {(one.account, one.kind): one.wait_s for one in vitals.paces(at)}
    yield gauge("account_wait_seconds", "How long ImageKit's refusals hold calls back.", ["account", "kind"], waits)


def of_audit(log: vitals.AuditVitals) -> Iterator[Metric]:
    yield gauge("audit_unsealed_events", "Audit events without a seal, at most.", [], {(): log.unsealed})
    yield gauge("audit_unsealed_age_seconds", "Of the oldest audit event without a seal.", [], {(): log.unsealed_age_s})
    yield counter("audit_segments", "Seals of the audit log.", [], {(): log.segments})
    sealed: Samples = {} if log.sealed_event_age_s is None else {(): log.sealed_event_age_s}
    yield gauge("audit_sealed_age_seconds", "Of the newest audit event with a seal.", [], sealed)
    if log.unsent is not None:
        yield gauge("audit_unsent_events", "Sealed events that the webhook has not had, at most.", [], {(): log.unsent})
        yield gauge("audit_send_failures", "Attempts in a row that the webhook refused.", [], {(): log.send_failures})
    copied: Samples = {(machine,): failures for machine, failures in log.copy_failures.items()}
    if copied:
        yield gauge("audit_copy_failures", "Attempts in a row that the second place refused.", ["machine"], copied)
