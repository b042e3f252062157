"""A program written from the description alone deletes a thousand files at the sandbox: freeze, plan, confirm."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from medialib.models import Account
from medialib.sandbox.server import Sandbox
from medialib.services.sync import run as sync
from tests.api.calls import Program
from tests.services.audit.conftest import own_data_dir
from tests.services.deletion.conftest import add_files, assert_exact, quick, run

__all__ = ["own_data_dir", "quick"]
pytestmark = pytest.mark.django_db(transaction=True)

FILES = 1000


class Described:
    """Calls operations by their names. All that it knows of the API it reads from /api/v1/openapi.json."""

    def __init__(self, secret: str) -> None:
        self.secret, self.client = secret, Client()
        self.document = self.client.get("/api/v1/openapi.json").json()
        self.operations = {
            each["operationId"]: (method, path, each)
            for path, methods in self.document["paths"].items()
            for method, each in methods.items()
        }
        (scheme,) = self.document["components"]["securitySchemes"].values()
        assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")

    def call(self, name: str, **given: Any) -> Any:
        method, path, operation = self.operations[name]
        query, headers = {}, {"Authorization": f"Bearer {self.secret}"}
        for parameter in operation["parameters"]:
            if (value := given.pop(parameter["name"], None)) is None:
                assert not parameter["required"], parameter["name"]
            elif parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", str(value))
            elif parameter["in"] == "query":
                query[parameter["name"]] = value
            else:
                headers[parameter["name"]] = value
        members = self.members(operation["requestBody"]) if "requestBody" in operation else {}
        assert set(given) <= set(members), set(given) - set(members)
        body = {"data": json.dumps(given), "content_type": "application/json"} if members else {}
        answer = self.client.generic(method.upper(), path, headers=headers, query_params=query, **body)
        described = operation["responses"][str(answer.status_code)]
        assert answer.status_code < 300, answer.content
        (kind,) = described["content"]
        assert answer.headers["Content-Type"].partition(";")[0] == kind
        return answer.json() if kind == "application/json" else b"".join(answer)

    def members(self, holder: Any) -> dict[str, Any]:
        schema = holder["content"]["application/json"]["schema"]
        parts = self.document["components"]["schemas"]
        found: dict[str, Any] = parts[schema["$ref"].rpartition("/")[2]]["properties"]
        return found


def test_a_thousand_files_go_and_no_other(
    sandbox: Sandbox, sandbox_account: Account, staff: User, settings: Any
) -> None:
    settings.UNDO_WINDOW_S = 300
    old, kept = add_files(sandbox, FILES, "/old"), add_files(sandbox, 200, "/new")
    sync.run_sync(sandbox_account)
    Account.objects.update(limit_files=FILES, limit_percent=100)
    api = Described(Program(staff).secret)

    account = api.call("getAccount", account="acme")
    assert account["file_count"] == FILES + 200
    listed, cursor = [], ""
    while cursor is not None:
        page = api.call("listFiles", account="acme", folder="/old", subfolders="1", limit=400, cursor=cursor)
        listed += [each["file_id"] for each in page["items"]]
        cursor = page["next"]
    assert sorted(listed) == sorted(old)

    wanted = {"folder": "/old", "subfolders": "1"}
    selection = api.call("createSelection", account="acme", filter=wanted, **{"Idempotency-Key": "select"})
    manifest = api.call("freezeSelection", selection=selection["id"], file_count=selection["file_count"])
    plan = api.call("planManifest", manifest=manifest["id"])
    assert (plan["calls"], plan["needs_person"], plan["needs_approval"]) == (10, False, False)
    wish = {"sha256": manifest["sha256"], "file_count": manifest["file_count"], "reason": "Licences ended"}
    job = api.call("confirmManifest", manifest=manifest["id"], **wish, **{"Idempotency-Key": "confirm"})
    again = api.call("confirmManifest", manifest=manifest["id"], **wish, **{"Idempotency-Key": "confirm"})
    assert job == again
    api.call("startJob", job=job["id"])
    stored = staff.jobs.get()
    run(stored)

    look = api.call("getJob", job=job["id"])
    assert (look["percent"], look["job"]["state"], look["job"]["outcomes"]["deleted"]) == (100, "finished", FILES)
    items, cursor = [], ""
    while cursor is not None:
        page = api.call("listJobItems", job=job["id"], limit=300, cursor=cursor)
        items += page["items"]
        cursor = page["next"]
    assert {item["file_id"]: item["outcome"] for item in items} == dict.fromkeys(old, "deleted")
    assert all(item["evidence"] for item in items)
    assert sandbox.file_ids() == set(kept)
    assert_exact(stored, sandbox)

    receipt = api.call("getReceipt", job=job["id"])["receipt"]
    assert receipt["manifest_sha256"] == manifest["sha256"]
    lines = api.call("downloadOutcomes", job=job["id"])
    assert hashlib.sha256(lines).hexdigest() == receipt["outcomes"]["sha256"]
    events = api.call("listAuditEvents", job=str(job["id"]), event="job.confirmed")["items"]
    assert [(event["actor"], event["reason"]) for event in events] == [("sam", "Licences ended")]
