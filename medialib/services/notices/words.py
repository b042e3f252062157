"""What a notice says, in its reader's language. No path, no reason and no key: it leaves the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from medialib.errors import grouped
from medialib.models import Notice, NoticeKind, Outcome

TRIAL = "trial"  # Of no account; never stored.


@dataclass(frozen=True)
class NoticeWords:
    """`link` is empty where nobody told this installation its own address (PUBLIC_URL)."""

    subject: str
    link: str


def of(notice: Notice) -> NoticeWords:
    with override(notice.route.language):
        return NoticeWords(_subject(notice), link_of(notice))


def _subject(notice: Notice) -> str:
    if notice.kind == TRIAL:
        return _("A notice on trial: medialib reaches you here")
    facts = notice.facts
    names = {"number": notice.job_id, "account": notice.account.name}
    match notice.kind:
        case NoticeKind.JOB_TO_APPROVE:
            count = int(facts.get("files") or 0)
            text = ngettext(
                "Job %(number)s on %(account)s waits for your approval: %(count)s file, asked for by %(by)s",
                "Job %(number)s on %(account)s waits for your approval: %(count)s files, asked for by %(by)s",
                count,
            )
            return text % (names | {"count": grouped(count), "by": facts.get("by", "")})
        case NoticeKind.JOB_PAUSED:
            return _("Job %(number)s on %(account)s has paused") % names
        case NoticeKind.JOB_UNRESOLVED | NoticeKind.JOB_FINISHED:
            sums = ", ".join(f"{grouped(facts[one])} {one.label}" for one in Outcome if facts.get(one))
            return _("Job %(number)s on %(account)s has ended: %(sums)s") % (names | {"sums": sums})
        case NoticeKind.SYNC_TROUBLE if facts.get("asks"):
            return _("The sync of %(account)s asks whether many files are really gone") % names
        case NoticeKind.SYNC_TROUBLE:
            return _("The sync of %(account)s fails") % names
        case NoticeKind.KEY_ENDS:
            ends = date_format(localtime(datetime.fromisoformat(facts["ends_at"])), "DATE_FORMAT")
            return _("The key of %(account)s ends on %(day)s") % (names | {"day": ends})
        case _:
            used = {"used": grouped(facts["used"]), "limit": grouped(facts["limit"])}
            return _("%(used)s of %(limit)s CDN purges of this month are used on %(account)s") % (names | used)


def link_of(notice: Notice) -> str:
    if not settings.PUBLIC_URL or notice.kind == TRIAL:
        return settings.PUBLIC_URL
    name = notice.account.name
    match notice.kind:
        case NoticeKind.SYNC_TROUBLE:
            path = reverse("medialib:library", args=[name])
        case NoticeKind.KEY_ENDS:
            path = reverse("medialib:account-settings", args=[name])
        case NoticeKind.QUOTA_NEAR:
            path = reverse("medialib:jobs")
        case _:
            path = reverse("medialib:job", args=[notice.job_id])
    return settings.PUBLIC_URL + path
