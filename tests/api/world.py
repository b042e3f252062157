"""One account with a thing of each kind that an address of the API can name, and a body for each request."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from medialib.api.application import api
from medialib.services.selections import by_token
from tests import factories
from tests.api.calls import Program
from tests.views.jobs import job_rows

if TYPE_CHECKING:
    from medialib.models import Account


@cache
def schema() -> Any:
    """As a program reads it: test_description.py holds it to what is served."""
    return json.loads(json.dumps(api.get_openapi_schema()))


@cache
def operations() -> dict[str, tuple[str, str]]:
    """Method and path of each, by its name."""
    return {
        each["operationId"]: (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in schema()["paths"].items()
        for method, each in methods.items()
    }


class World:
    """Owned by `program`'s person and token, whether or not they may see it."""

    def __init__(self, account: Account, program: Program) -> None:
        person = program.token.user
        frozen = job_rows.manifest(account, person, 2)
        done = job_rows.finished(job_rows.manifest(account, person, 1), ["failed"])
        self.values = {
            "account": account.name,
            "file_id": frozen.items.all()[0].file_id,
            "selection": by_token.begin(account, program.token).pk,
            "manifest": frozen.pk,
            "job": done.pk,
            "rule": factories.protection(account).pk,
        }
        ids = [self.values["file_id"]]
        reason = {"reason": "old"}
        self.bodies: dict[str, Any] = {
            "createSelection": {"file_ids": ids},
            "tickFiles": {"file_ids": ids},
            "untickFiles": {"file_ids": ids},
            "freezeSelection": {"file_count": 0},
            "confirmManifest": {"sha256": frozen.sha256, "file_count": 2} | reason,
            "setSpeedOfJob": {"percent": 50},
            "shrinkJob": {"file_ids": ids} | reason,
            "addProtection": {"kind": "folder", "value": "/brand"} | reason,
            "liftProtection": reason,
        }

    def ask(self, program: Program, name: str) -> Any:
        method, path = operations()[name]
        return program.ask(method, path.format(**self.values), self.bodies.get(name))
