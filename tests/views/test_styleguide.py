"""The style guide shows every state of a job without one, and exists in development only."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from medialib.views.styleguide import JOBS
from tests.views.pages import page, words


@pytest.mark.parametrize("state", JOBS)
def test_each_state_is_shown(staff_client: Client, settings: Any, state: str) -> None:
    settings.DEBUG = True
    shown = page(staff_client.get("/styleguide/", {"job": state}))
    assert words(shown.select_one("[aria-label='States of a job'] [aria-current]")) == state
    assert shown.select_one("#job-progress #job-state")


def test_it_does_not_exist_in_production(staff_client: Client, settings: Any) -> None:
    settings.DEBUG = False
    assert staff_client.get("/styleguide/").status_code == 404
