"""What a browser may fetch before somebody clicks: pages only, never what is recorded, and without a trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from medialib.models import Account
from tests import factories
from tests.views.jobs import job_rows

RULES = Path(settings.BASE_DIR) / "static" / "js" / "prefetch.speculationrules"


def test_pages_name_the_rules_and_parts_do_not(staff_client: Client, client: Client, account: Account) -> None:
    assert staff_client.get("/jobs/")["Speculation-Rules"] == '"/static/js/prefetch.speculationrules"'
    assert "Speculation-Rules" not in staff_client.get("/jobs/tray/", headers={"HX-Request": "true"})
    assert "Speculation-Rules" not in Client().get("/sign-in/")


def test_rules_name_pages_by_hovering_and_no_export(client: Client) -> None:
    rules: Any = json.loads(RULES.read_text(encoding="utf-8"))
    assert [rule["eagerness"] for rule in rules["prefetch"]] == ["moderate"]
    named = [each["href_matches"] for each in rules["prefetch"][0]["where"]["and"][1]["or"] if "href_matches" in each]
    assert named == [r"/jobs/:job(\d+)/", "/:account/files/:file/"]  # Whole addresses: nothing below them.


@pytest.mark.parametrize("what", ["list", "job", "file", "audit"])
def test_a_page_that_is_fetched_ahead_writes_nothing(
    staff_client: Client, staff: Any, account: Account, what: str
) -> None:
    asset = factories.asset(account)
    job = job_rows.job(job_rows.manifest(account, staff, 2))
    address = {
        "list": f"/{account.name}/library/?sort=name",
        "job": f"/jobs/{job.pk}/",
        "file": f"/{account.name}/files/{asset.file_id}/",
        "audit": "/audit/",
    }[what]
    with CaptureQueriesContext(connection) as asked:
        answer = staff_client.get(address, headers={"Sec-Purpose": "prefetch"})
    assert answer.status_code == 200
    written = [each["sql"] for each in asked if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [sql for sql in written if "medialib_cache" not in sql] == []  # Counts that took long, for a minute.
