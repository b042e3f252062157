"""Search in the audit log: what a query string asks for, as a filter that pages and exports share."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.timezone import get_current_timezone, make_aware
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models import Account, Asset, AuditEvent, EventKind, Item, Outcome
from medialib.models.audit.events import AuditEventQuerySet
from medialib.models.query.units import zone_name, zone_named
from medialib.services.audit import places

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PAGE_SIZE = 100
MAX_FOUND = 50
NO_EVENT = _("There is no event “%(value)s”; choose one of %(known)s.")
NO_OUTCOME = _("There is no outcome “%(value)s”; choose one of %(known)s.")


@dataclass(frozen=True)
class AuditFilter:
    """Empty fields do not restrict. Dates are whole days, both ends included, of `zone` or else of the current time
    zone; `zone` is empty where there is no date."""

    actor: str = ""
    account: str = ""
    event: str = ""
    outcome: str = ""
    job: int | None = None
    path: str = ""
    file: str = ""
    after: date | None = None
    before: date | None = None
    zone: str = ""

    def to_query(self, **changes: object) -> str:
        """The query string of this filter, without its empty fields."""
        filled = {name: value for name, value in {**asdict(self), **changes}.items() if value not in ("", None)}
        return urlencode({name: str(value) for name, value in filled.items()})

    def as_detail(self) -> dict[str, str]:
        """For the audit event of an export."""
        return {name: str(value) for name, value in asdict(self).items() if value not in ("", None)}

    def chips(self) -> list[AuditChip]:
        """What restricts the list now, each with the query string that takes it away."""
        empty = AuditFilter()
        fields = [name for name in asdict(self) if name != "zone" and getattr(self, name) != getattr(empty, name)]
        return [AuditChip(name, self._shown(name), self.without(name).to_query()) for name in fields]

    def without(self, name: str) -> AuditFilter:
        left = replace(self, **{name: getattr(AuditFilter(), name)})
        return left if left.after or left.before else replace(left, zone="")

    def _shown(self, name: str) -> str:
        value = str(getattr(self, name))
        return f"{value} ({self.zone or zone_name()})" if name in ("after", "before") else value

    @property
    def is_empty(self) -> bool:
        return self == AuditFilter()

    @property
    def is_about_events(self) -> bool:
        """Whether it asks for single events: those are listed themselves, not the jobs that they belong to."""
        return bool(self.event or self.outcome or self.path or self.file)


@dataclass(frozen=True)
class AuditChip:
    name: str
    value: str
    query_without: str


@dataclass(frozen=True)
class AuditPage:
    """Events newest first; `older` and `newer` are the sequence numbers that the neighbouring pages start from."""

    events: list[AuditEvent]
    older: int | None
    newer: int | None


def matching(audit_filter: AuditFilter, *, viewer: User | None = None) -> AuditEventQuerySet:
    """Events of exactly this filter. Raises WrongUse for an event or outcome that does not exist.

    A viewer sees those of the viewer's accounts; None is the command line, which sees all.
    """
    _refuse_unknown(NO_EVENT, audit_filter.event, EventKind.values)
    _refuse_unknown(NO_OUTCOME, audit_filter.outcome, Outcome.values)
    conditions: dict[str, object] = {
        "actor_name": audit_filter.actor,
        "event": audit_filter.event,
        "outcome": audit_filter.outcome,
        "job_id": audit_filter.job,
        "file_id": audit_filter.file,
    }
    events = AuditEvent.objects.filter(**{name: value for name, value in conditions.items() if value not in ("", None)})
    since, until = limits(audit_filter)
    events = places.within(events, since=since, until=until)
    if audit_filter.outcome not in ("", Outcome.DELETED):
        events = events.filter(places.UNUSUAL)
    if audit_filter.event not in ("", EventKind.FILE_SETTLED):
        events = events.filter(places.OF_KIND)
    if audit_filter.file:
        events = events.filter(places.OF_FILE)
    events = places.at_path(_of_account(events, audit_filter.account), audit_filter.path)
    return events.visible_to(viewer) if viewer else events


def page(
    audit_filter: AuditFilter,
    *,
    viewer: User | None = None,
    before: int | None = None,
    after: int | None = None,
    size: int = PAGE_SIZE,
) -> AuditPage:
    """One screen: of events older than `before`, or newer than `after`, or the newest."""
    events = matching(audit_filter, viewer=viewer)
    if after is not None:
        return _newer_page(list(events.filter(pk__gt=after).order_by("pk")[: size + 1]), size)
    if before is not None:
        events = events.filter(pk__lt=before)
    rows = list(events.order_by("-pk")[: size + 1])
    screen = rows[:size]
    newer = screen[0].pk if screen and before is not None else None
    return AuditPage(screen, older=screen[-1].pk if len(rows) > size else None, newer=newer)


def of_file(account_name: str, file_id: str, *, viewer: User) -> AuditEventQuerySet:
    """All that is recorded about one file, oldest first, whether or not its account is still here."""
    return (
        AuditEvent.objects.visible_to(viewer)
        .filter(places.OF_FILE, file_id=file_id, account_name=account_name)
        .order_by("pk")
    )


def items_of_file(account_name: str, file_id: str) -> list[Item]:
    """Its places in frozen lists, newest first, whether or not they became jobs."""
    items = Item.objects.filter(file_id=file_id, manifest__account__name=account_name)
    return list(items.select_related("manifest", "manifest__job").order_by("-manifest__frozen_at")[:PAGE_SIZE])


def files_at(path: str, *, viewer: User) -> list[tuple[str, str]]:
    """(account, file id) of files that are or were at this path or have this id, as index and log know them."""
    recorded = AuditEvent.objects.visible_to(viewer).exclude(file_id="")
    is_path = path.startswith("/")
    events = places.exactly_at(recorded, path) if is_path else recorded.filter(places.OF_FILE, file_id=path)
    of_log = events.values_list("account_name", "file_id")
    named = {"path": path} if path.startswith("/") else {"file_id": path}
    mine = Account.objects.visible_to(viewer)
    of_index = Asset.objects.filter(**named, account__in=mine).values_list("account__name", "file_id")
    return sorted({*of_log.order_by().distinct()[:MAX_FOUND], *of_index.order_by().distinct()[:MAX_FOUND]})


def limits(audit_filter: AuditFilter) -> tuple[datetime | None, datetime | None]:
    """The moments that the days of the filter stand for: since the one, until before the other."""
    zone = zone_named(audit_filter.zone) or get_current_timezone()
    after, before = audit_filter.after, audit_filter.before
    return _start_of(after, zone) if after else None, _start_of(before + timedelta(days=1), zone) if before else None


def _newer_page(rows: list[AuditEvent], size: int) -> AuditPage:
    screen = rows[:size][::-1]
    newer = screen[0].pk if len(rows) > size else None
    return AuditPage(screen, older=screen[-1].pk if screen else None, newer=newer)


def _of_account(events: AuditEventQuerySet, name: str) -> AuditEventQuerySet:
    """By key where the account is here, for its index; by the copied name where it is not."""
    if not name:
        return events
    account = Account.objects.filter(name=name).first()
    return events.filter(account=account) if account else events.filter(account_name=name)


def _refuse_unknown(sentence: Promise, value: str, known: list[str]) -> None:
    if value and value not in known:
        raise WrongUse(sentence, value=value, known=", ".join(known))


def _start_of(day: date, zone: tzinfo) -> datetime:
    return make_aware(datetime.combine(day, time.min), zone)
