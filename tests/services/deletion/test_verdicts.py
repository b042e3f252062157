"""What an answer proves: every file of a call is settled or stays open, none is both, none is forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medialib.imagekit.errors import AnswerLost, BadRequest, FilesMissing, KeyRejected, NotSent, RateLimited
from medialib.imagekit.types import DeleteAnswer
from medialib.models import BatchState, Outcome
from medialib.services.deletion import verdicts
from medialib.services.deletion.verdicts import LastCall, Sent

ABC = frozenset("abc")
OPEN = {BatchState.WAITING, BatchState.LOOK_UP, BatchState.VERIFY}


def outcomes(verdict: verdicts.Verdict) -> dict[str, str]:
    return {file_id: ruling.outcome.value for ruling in verdict.rulings for file_id in ruling.file_ids}


def look_up(sent: Sent, gone: str, last: LastCall | None = None, **by_other: int) -> verdicts.Verdict:
    return verdicts.of_look_up(sent, gone=frozenset(gone), last=last or LastCall(), gone_by_other=by_other)


def test_a_200_settles_what_it_lists():
    verdict = verdicts.of_answer(Sent(ABC), DeleteAnswer(ABC, {}, 200))
    assert outcomes(verdict) == dict.fromkeys("abc", "deleted")
    assert verdict.next_state == BatchState.SETTLED


def test_a_200_that_forgets_a_file_leaves_it_to_a_look_up():
    verdict = verdicts.of_answer(Sent(ABC), DeleteAnswer(frozenset("ab"), {}, 200))
    assert (outcomes(verdict), verdict.next_state) == ({"a": "deleted", "b": "deleted"}, BatchState.LOOK_UP)


def test_a_file_both_deleted_and_in_error_is_looked_up():
    verdict = verdicts.of_answer(Sent(ABC), DeleteAnswer(ABC, {"a": "Error in deleting tags"}, 207))
    assert set(outcomes(verdict)) == {"b", "c"}
    assert verdict.errors == {"a": "Error in deleting tags"}


def test_a_404_settles_the_missing_and_keeps_the_rest():
    verdict = verdicts.of_error(Sent(ABC), FilesMissing("gone", file_ids=frozenset("b")))
    assert (outcomes(verdict), verdict.next_state) == ({"b": "already_gone"}, BatchState.WAITING)


def test_a_404_after_a_lost_answer_means_that_the_lost_call_did_it():
    verdict = verdicts.of_error(Sent(ABC, lost_answers=1), FilesMissing("gone", file_ids=ABC))
    assert (outcomes(verdict), verdict.next_state) == (dict.fromkeys("abc", "deleted"), BatchState.SETTLED)


def test_a_refused_call_fails_its_files_and_never_loops():
    verdict = verdicts.of_error(Sent(ABC), BadRequest("fileIds is empty.", http_status=400))
    assert (outcomes(verdict), verdict.next_state) == (dict.fromkeys("abc", "failed"), BatchState.SETTLED)


def test_a_refused_key_stops_the_job_and_settles_nothing():
    verdict = verdicts.of_error(Sent(ABC), KeyRejected("Your account cannot be authenticated.", http_status=403))
    assert verdict.pause_cause
    assert (outcomes(verdict), verdict.next_state) == ({}, BatchState.WAITING)


def test_only_a_lost_answer_is_looked_up():
    sent = Sent(ABC)
    assert verdicts.of_error(sent, AnswerLost("cut")).next_state == BatchState.LOOK_UP
    assert verdicts.of_error(sent, NotSent("refused")).next_state == BatchState.WAITING
    assert verdicts.of_error(sent, RateLimited("slow down", retry_after_s=1)).next_state == BatchState.WAITING


def test_all_gone_after_a_lost_answer_is_deleted():
    verdict = look_up(Sent(ABC, lost_answers=1), "abc")
    assert (outcomes(verdict), verdict.next_state) == (dict.fromkeys("abc", "deleted"), BatchState.SETTLED)


def test_half_of_a_call_is_looked_up_again_before_anything_is_said():
    verdict = look_up(Sent(ABC, lost_answers=1), "a")
    assert (outcomes(verdict), verdict.next_state, verdict.wait_s > 0) == ({}, BatchState.LOOK_UP, True)
    assert outcomes(look_up(Sent(ABC, lost_answers=1), "ab", LastCall(gone_count=1))) == {}
    assert outcomes(look_up(Sent(ABC, lost_answers=1), "abc", LastCall(gone_count=1))) == dict.fromkeys(
        "abc", "deleted"
    )


def test_some_gone_after_a_first_lost_answer_were_gone_before():
    verdict = look_up(Sent(ABC, lost_answers=1), "a", LastCall(gone_count=1))
    assert (outcomes(verdict), verdict.next_state) == ({"a": "already_gone"}, BatchState.WAITING)


def test_some_gone_after_a_call_whose_files_were_known_to_be_there_were_deleted():
    last = LastCall(gone_count=1, was_first=False)
    assert outcomes(look_up(Sent(ABC, lost_answers=2), "a", last)) == {"a": "deleted"}


def test_most_gone_after_a_lost_answer_were_deleted_by_it():
    assert outcomes(look_up(Sent(ABC, lost_answers=1), "ab", LastCall(gone_count=2))) == dict.fromkeys("ab", "deleted")


def test_files_that_were_never_there_are_never_called_deleted():
    sent = Sent(ABC, lost_answers=1, never_seen=frozenset("c"))
    assert outcomes(look_up(sent, "abc")) == {"a": "deleted", "b": "deleted", "c": "already_gone"}
    missing = verdicts.of_error(sent, FilesMissing("gone", file_ids=ABC))
    assert outcomes(missing) == {"a": "deleted", "b": "deleted", "c": "already_gone"}


def test_a_404_names_the_other_job_that_is_on_record():
    verdict = verdicts.of_error(Sent(ABC, lost_answers=1), FilesMissing("gone", file_ids=ABC), gone_by_other={"b": 7})
    assert outcomes(verdict) == {"a": "deleted", "b": "already_gone", "c": "deleted"}


def test_what_is_said_last_needs_two_look_ups_that_agree():
    for sent in (Sent(ABC, is_verify=True), Sent(ABC, is_cancelling=True), Sent(ABC, lost_answers=5)):
        first = look_up(sent, "", LastCall(patience_s=20))
        assert (outcomes(first), first.wait_s) == ({}, 20)
        assert set(outcomes(look_up(sent, "", LastCall(gone_count=0)))) == set(ABC)


def test_a_file_that_no_answer_mentions_counts_as_without_an_answer():
    assert verdicts.of_answer(Sent(ABC), DeleteAnswer(frozenset("ab"), {}, 200)).is_lost
    assert not verdicts.of_answer(Sent(ABC), DeleteAnswer(frozenset("ab"), {"c": "e"}, 207)).is_lost


def test_a_file_on_record_of_another_job_is_already_gone():
    assert outcomes(look_up(Sent(ABC, lost_answers=1), "abc", b=7)) == {
        "a": "deleted",
        "b": "already_gone",
        "c": "deleted",
    }


def test_a_file_with_an_error_fails_if_it_is_there_and_is_deleted_if_not():
    last = LastCall(207, {"a": "Error in deleting tags", "b": "Error in deleting tags"})
    verdict = look_up(Sent(frozenset("ab")), "a", last)
    assert outcomes(verdict) == {"a": "deleted", "b": "failed"}
    assert verdict.next_state == BatchState.SETTLED


def test_files_that_never_get_an_answer_fail_in_the_end():
    verdict = look_up(Sent(ABC, lost_answers=verdicts.MAX_LOST_ANSWERS), "", LastCall(gone_count=0))
    assert (outcomes(verdict), verdict.next_state) == (dict.fromkeys("abc", "failed"), BatchState.SETTLED)


def test_a_verification_sends_nothing_again():
    verdict = look_up(Sent(ABC, lost_answers=1, is_verify=True), "ab", LastCall(gone_count=2, was_first=False))
    assert outcomes(verdict) == {"a": "deleted", "b": "deleted", "c": "failed"}
    assert verdict.next_state == BatchState.SETTLED


def test_a_look_up_that_fails_often_ends_unverified():
    first = verdicts.of_failed_look_up(Sent(ABC), AnswerLost("time-out"))
    last = verdicts.of_failed_look_up(Sent(ABC, look_ups=verdicts.MAX_LOOK_UPS - 1), AnswerLost("time-out"))
    assert (outcomes(first), first.next_state) == ({}, BatchState.LOOK_UP)
    assert (outcomes(last), last.next_state) == (dict.fromkeys("abc", "unverified"), BatchState.SETTLED)


ids = st.frozensets(st.sampled_from("abcdefgh"))
answers = st.one_of(
    st.builds(
        lambda deleted, errors, status: DeleteAnswer(deleted, dict.fromkeys(errors, "e"), status),
        ids,
        ids,
        st.sampled_from([200, 207]),
    ),
    st.builds(lambda missing: FilesMissing("m", file_ids=missing), ids),
    st.sampled_from(
        [BadRequest("b"), KeyRejected("k"), NotSent("n"), AnswerLost("l"), RateLimited("r", retry_after_s=None)]
    ),
)


@given(file_ids=ids.filter(bool), answer=answers, lost=st.integers(0, 6))
def test_whatever_comes_back_each_file_is_settled_once_or_still_open(file_ids, answer, lost):
    sent = Sent(file_ids, lost_answers=lost)
    verdict = verdicts.of_answer(sent, answer) if isinstance(answer, DeleteAnswer) else verdicts.of_error(sent, answer)
    settled = [file_id for ruling in verdict.rulings for file_id in ruling.file_ids]
    assert len(settled) == len(set(settled))
    assert set(settled) <= file_ids
    assert (verdict.next_state == BatchState.SETTLED) == (set(settled) == file_ids)
    assert all(ruling.evidence and isinstance(ruling.outcome, Outcome) for ruling in verdict.rulings)


@given(
    file_ids=ids.filter(bool),
    gone=ids,
    errors=ids,
    status=st.sampled_from([None, 200, 207, 500]),
    lost=st.integers(0, 6),
    is_verify=st.booleans(),
    other=ids,
)
def test_a_look_up_settles_each_file_once_or_leaves_it_open(file_ids, gone, errors, status, lost, is_verify, other):
    sent = Sent(file_ids, lost_answers=lost, is_verify=is_verify)
    by_other = dict.fromkeys(gone & file_ids & other, 3)
    last = LastCall(status, dict.fromkeys(errors, "e"), gone_count=len(gone & file_ids))
    verdict = verdicts.of_look_up(sent, gone=gone & file_ids, last=last, gone_by_other=by_other)
    settled = [file_id for ruling in verdict.rulings for file_id in ruling.file_ids]
    assert len(settled) == len(set(settled))
    assert gone & file_ids <= set(settled)
    assert (verdict.next_state == BatchState.SETTLED) == (set(settled) == file_ids)
