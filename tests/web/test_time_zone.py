"""The reader's zone comes with a cookie, and pages show and read days in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from medialib.models import Account
from tests import factories
from tests.views.pages import page, words


@pytest.mark.parametrize(("zone", "count"), [("Asia/Tokyo", 0), ("America/Los_Angeles", 1), ("", 1), ("Asia/../x", 1)])
def test_a_list_by_day_is_that_of_the_readers_zone(
    staff_client: Client, account: Account, zone: str, count: int
) -> None:
    factories.asset(account, "/offset.jpg", created_at=datetime(2026, 11, 20, 18, tzinfo=UTC))
    staff_client.cookies["timezone"] = zone
    response = staff_client.get(f"/{account.name}/library/?created_before=2026-11-21")
    assert len(page(response).select("[data-list] > *")) == count
    known = zone if count == 0 or "Los" in zone else "UTC"
    assert page(response).select_one("html")["data-zone"] == known
    assert any(f"({known})" in words(chip) for chip in page(response).select(".chip"))


def test_the_zone_of_one_reader_is_not_that_of_the_next(staff_client: Client, account: Account) -> None:
    staff_client.cookies["timezone"] = "Asia/Tokyo"
    staff_client.get(f"/{account.name}/library/")
    assert timezone.get_current_timezone_name() == "UTC"
