"""What is hashed: canonical JSON of every column, and Merkle trees as RFC 6962 has them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import rfc8785
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialib.models import AuditEvent, EventKind
from medialib.services.audit.seal import lines, merkle

# Root hashes of the first n inputs, from the reference tests of Certificate Transparency.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text('aé"\\\n'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab😀é"), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize("count", ROOTS)
def test_roots_are_those_of_certificate_transparency(count):
    leaves = [merkle.leaf_hash(bytes.fromhex(text)) for text in INPUTS[:count]]
    assert merkle.root(leaves).hex() == ROOTS[count]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 13])
def test_a_proof_leads_each_leaf_and_no_other_to_the_root(count):
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(count)]
    for index, leaf in enumerate(leaves):
        path = merkle.proof(leaves, index)
        assert merkle.root_from_proof(leaf, index=index, count=count, path=path) == merkle.root(leaves)
        assert merkle.root_from_proof(b"x" * 32, index=index, count=count, path=path) != merkle.root(leaves)
        assert merkle.root_from_proof(leaf, index=index, count=count, path=[*path, leaf]) is None


def event_with(**fields):
    smallest = {"time": datetime(2024, 1, 31, 12, tzinfo=UTC), "event": EventKind.JOB_SPEED}
    return AuditEvent.objects.create(**smallest | fields)


def canonical_of(event):
    ((_, _, text),) = lines.lines(after=event.pk - 1, up_to=event.pk)
    return text


@pytest.mark.django_db
def test_every_column_is_in_the_line():
    assert set(json.loads(canonical_of(event_with()))) == {field.column for field in AuditEvent._meta.concrete_fields}


@pytest.mark.django_db
def test_a_line_is_what_rfc_8785_makes_of_the_event():
    event = event_with(
        actor_id=7, actor_name='Zoë "Z"', account_id=2, account_name="acme", job_id=3, file_id="f", address="::1",
        file_path="/a\\b\u2028\x7f\t😀.jpg", size_bytes=2**40, outcome="deleted", evidence="HTTP 200\nok",
        http_status=200, reason="\x01", request_id="r", session="s", web_request="w",
        detail={"b": [1.5, True], "ä": None},
    )  # fmt: skip
    text = canonical_of(event)
    assert text.encode() == rfc8785.dumps(json.loads(text))
    fields = {field.column: getattr(event, field.attname) for field in AuditEvent._meta.concrete_fields}
    assert json.loads(text) == fields | {"time": "2024-01-31T12:00:00.000000Z"}


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(detail=st.dictionaries(st.text("ab"), values, max_size=3))
def test_any_detail_has_a_canonical_form_that_both_databases_agree_on(detail):
    first = canonical_of(event_with(detail=detail))
    assert first.encode() == rfc8785.dumps(json.loads(first))
    assert connection.vendor in ("sqlite", "postgresql")


def test_numbers_that_json_cannot_carry_exactly_become_text():
    assert lines.canonical_detail('{"a":9007199254740993,"b":1e999,"c":[-9007199254740993]}') == (
        '{"a":"9007199254740993","b":"inf","c":["-9007199254740993"]}'
    )
