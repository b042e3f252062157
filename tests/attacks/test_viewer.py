"""A viewer or an auditor of one account, who looks for paths, names and filters of another, and for more than they may
see in their own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from medialib.models import Account, Asset, EventKind, Membership
from medialib.services.accounts import memberships, protections
from medialib.services.audit import indexing, log
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.audit.seal import sealing
from medialib.services.deletion.events import record_outcomes
from medialib.services.manifests import freezing
from tests import factories
from tests.services.audit.conftest import own_data_dir
from tests.views.jobs import job_rows

__all__ = ["own_data_dir"]
pytestmark = pytest.mark.django_db

# What nobody of another account may read: globex's name, who works there, its paths, rules and what was searched in it.
SECRETS = ("globex", "actor:gil", "/merger/", "globex-file", "project-x", "203.0.113.9")
ADDRESSES = [
    "/audit/",
    "/audit/?q=path:/merger/",
    "/audit/?path=/merger/",
    "/audit/?actor=gil",
    "/audit/?event=audit.exported",
    "/audit/chart/",
    "/audit/chart/?by=actor",
    "/audit/file/?q=/merger/plan.jpg",
    "/audit/file/?q=globex-file",
    "/audit/export/?format=csv",
    "/audit/export/?format=jsonl",
    "/admin/medialib/auditevent/",
    "/jobs/",
    "/",
]
CLOSED = [
    "/globex/files/globex-file/history/",
    "/globex/library/",
    "/jobs/{job}/receipt/",
    "/jobs/{job}/receipt.json",
    "/jobs/{job}/outcomes.jsonl",
    "/admin/medialib/auditevent/{event}/change/",
]


@pytest.fixture
def globex() -> dict[str, int]:
    """All that is recorded of an account, by a person of its own."""
    account = factories.account("globex")
    gil = factories.user("gil", permissions=factories.EVERY_PERMISSION, is_member=False)
    own = Membership(user=gil, account=account, may_delete=True, delete_paths="/merger")
    memberships.save(own, actor=SYSTEM)
    actor = Actor.person(gil, address="203.0.113.9")
    factories.asset(account, "/merger/plan.jpg", file_id="globex-file")
    source = {"kind": "filter", "filters": ["path=/merger/"]}
    frozen = freezing.freeze_assets(account, Asset.objects.filter(account=account), source=source, actor=actor)
    job = job_rows.finished(frozen, ["deleted"])
    log.record(EventKind.JOB_CONFIRMED, actor=actor, account=account, job=job, reason="project-x")
    record_outcomes(job, frozen.items.all(), at=now())
    protections.add_rule(account, kind="folder", value="/merger", reason="project-x", actor=actor)
    client = Client()
    client.force_login(gil)
    for query in ("account=globex&path=/merger/", "path=/merger/", "actor=gil"):
        assert b"".join(client.get(f"/audit/export/?format=jsonl&{query}").streaming_content)
    sealing.seal_all()
    indexing.catch_up()
    return {"job": job.pk, "event": job_rows.event(account=account, file_path="/merger/plan.jpg").pk}


@pytest.fixture
def auditor(account: Account, signed_in: Any) -> Client:
    person = factories.user("ann", permissions=("view_audit", "view_library"), is_member=False)
    factories.membership(person, account, may_delete=False)
    return signed_in(person)


def text_of(answer: Any) -> str:
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


def leaks(text: str, *, asked: str) -> list[str]:
    """Secrets in what was answered, but for what the address itself says."""
    return [secret for secret in SECRETS if secret in text and secret.strip("/") not in asked.replace("=", ":")]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_auditor_of_one_account_reads_nothing_of_another(globex, auditor, address):
    answer = auditor.get(address, follow=True)
    assert answer.status_code == 200
    assert leaks(text_of(answer), asked=address) == []


@pytest.mark.parametrize("address", CLOSED)
def test_what_belongs_to_the_other_account_does_not_exist(globex, auditor, address):
    answer = auditor.get(address.format(**globex))
    assert answer.status_code in (302, 404)
    assert leaks(text_of(answer), asked=address) == []


def test_who_deletes_in_the_other_account_is_not_drawn(globex, auditor):
    """That gil is a person here is no secret: rights and sign-ins belong to no account."""
    assert "gil" not in text_of(auditor.get("/audit/chart/", {"by": "actor"}))


def test_what_is_exported_from_one_account_is_seen_by_its_auditors(account, auditor, signed_in):
    lou = factories.user("lou", permissions=("view_audit",), is_member=False)
    factories.membership(lou, account)
    other = Client()
    other.force_login(lou)
    text_of(other.get(f"/audit/export/?format=csv&account={account.name}"))
    text_of(other.get("/audit/export/?format=csv&path=/own/"))
    seen = text_of(auditor.get("/audit/export/?format=jsonl&event=audit.exported"))
    assert [json.loads(line)["account"] for line in seen.splitlines()] == [account.name]
    assert "/own/" not in seen


@pytest.mark.parametrize(
    ("permission", "may"), [("view_library", False), ("delete_files", False), ("view_audit", True)]
)
def test_address_and_session_of_who_asked_are_for_those_with_the_audit_right(account, signed_in, permission, may):
    kim = factories.user("kim", permissions=factories.EVERY_PERMISSION)
    job = job_rows.finished(job_rows.manifest(account, kim, 1), ["deleted"])
    actor = Actor.person(kim, address="203.0.113.9")
    detail = {"manifest": job.manifest.sha256}
    log.record(EventKind.JOB_CONFIRMED, actor=actor, account=account, job=job, reason=job.reason, detail=detail)
    record_outcomes(job, job.manifest.items.all(), request_id="ik-request-7", at=job.finished_at)
    job_rows.end_in_log(job)
    reader: User = factories.user("max", permissions=("view_library", permission))
    client = signed_in(reader)
    page = client.get(reverse("medialib:job-receipt", args=[job.pk]))
    assert page.status_code == 200
    assert "203.0.113.9" not in text_of(page)
    address = reverse("medialib:job-receipt-json", args=[job.pk])
    assert (f'href="{address}"' in text_of(page)) is may
    signed = client.get(address)
    assert (signed.status_code == 200, "203.0.113.9" in text_of(signed)) == (may, may)
    assert "203.0.113.9" not in text_of(client.get(reverse("medialib:job-outcomes", args=[job.pk])))
