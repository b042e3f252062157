"""A large job on a library that changed behind the index's back."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING

from medialib.models import AuditEvent, EventKind
from medialib.sandbox.server import Sandbox
from tests.e2e.conftest import manage

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from medialib.models import Account

FILES = 2000
MOST_CALLS = FILES // 100 * 2 + 1


def test_2000_files_with_5_percent_gone_all_end_in_one_outcome(library: Sandbox, acme: Account, kim: User) -> None:
    listed = sorted(library.file_ids())
    gone = set(random.Random(7).sample(listed, FILES // 20))
    library.remove(*gone)

    options = ["--user", "kim", "--reason", "Acceptance", "--yes", "--confirm-count", str(FILES), "--wait", "--json"]
    done = manage("deletefiles", "acme", "--ids-file", "-", *options, stdin="\n".join(listed))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])

    assert (report["deleted"], report["already_gone"]) == (FILES - len(gone), len(gone))
    assert report["requested"] == FILES
    assert len(library.calls("delete")) <= MOST_CALLS
    final = AuditEvent.objects.filter(event=EventKind.FILE_SETTLED).values_list("file_id", "outcome")
    assert Counter(file_id for file_id, _ in final) == Counter(listed)
    assert {file_id for file_id, outcome in final if outcome == "already_gone"} == gone
    assert library.file_ids() == set()
