"""What changed since a list was frozen: on the approver's page, file by file, and a smaller list from there."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.timezone import now

from medialib.models import DeletionJob
from medialib.services.audit.log import Actor
from medialib.services.jobs import controls
from medialib.services.manifests import asking
from medialib.services.manifests.asking import Asked
from tests import factories
from tests.views.jobs import job_rows
from tests.views.pages import page, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim():
    return factories.user("kim", permissions=("view_library", "delete_files"))


@pytest.fixture
def ada():
    return factories.user("ada", permissions=("view_library", "approve_deletions"))


@pytest.fixture
def job(account, kim) -> DeletionJob:
    account.approval_files = 2
    account.save()
    frozen = job_rows.manifest(account, kim, ["/a/1.jpg", "/a/2.jpg", "/a/3.jpg"], has_real_hash=True)
    job = controls.open_deletion_job(manifest=frozen, actor=Actor.person(kim), reason="Old")
    account.assets.filter(path="/a/1.jpg").update(path="/b/1.jpg")
    account.assets.filter(path="/a/2.jpg").update(removed_at=now(), removal="missing")
    return job


def url(job: DeletionJob, name: str = "job") -> str:
    return reverse(f"medialib:{name}", args=[job.pk])


def list_url(job: DeletionJob, change: str) -> str:
    return reverse("medialib:manifest-changes", args=[job.manifest_id, change])


def test_the_approver_sees_the_review_and_what_changed_since_and_each_count_opens_its_files(signed_in, job, ada):
    client = signed_in(ada)
    shown = page(client.get(url(job)))
    lines = {line["data-change"]: words(line) for line in shown.select("[data-change]")}
    assert lines == {
        "changed": "1 file changed since",
        "gone": "1 file gone from ImageKit",
        "protected": "0 files protected by a rule",
        "outside": "0 files outside the folders of who asked for it",
        "unknown": "0 files not known to the index",
    }
    assert len(shown.select("#sample li")) == 3
    assert "of the library of 1,000,000 files" in words(shown.select_one("[aria-labelledby=approval]"))
    links = [link["href"] for link in shown.select("[data-change] a")]
    assert links == [list_url(job, "changed"), list_url(job, "gone")]
    assert [words(row.th) for row in page(client.get(links[0])).select("tr[data-file]")] == ["/a/1.jpg"]
    assert "now /b/1.jpg" in words(page(client.get(links[0])).select_one("tr[data-file]"))
    assert "gone from ImageKit" in words(page(client.get(links[1])).select_one("tr[data-file]"))


def test_the_approver_may_ask_imagekit_about_a_sample(signed_in, job, ada, kim, monkeypatch):
    monkeypatch.setattr(asking, "ask", lambda manifest: Asked(asked=3, foreign=1, changed=2))
    asked = reverse("medialib:review-asked", args=[job.manifest_id])
    client = signed_in(ada)
    assert "it does not find 1, and 2 are not" in words(page(client.get(asked, headers={"HX-Request": "true"})))
    answer = client.get(asked, follow=True)
    assert answer.redirect_chain == [(f"{url(job)}?asked=1#asked", 302)]
    assert "it does not find 1, and 2 are not" in words(page(answer).select_one("#asked"))
    other = signed_in(factories.user(permissions=("view_library", "delete_files")))
    assert other.get(asked).status_code == 404


def test_the_approver_takes_out_what_changed(signed_in, job, ada):
    client = signed_in(ada)
    answer = client.post(url(job, "job-smaller"), {"without": ["changed", "gone"], "reason": "still used"}, follow=True)
    smaller = DeletionJob.objects.exclude(pk=job.pk).get()
    assert answer.redirect_chain == [(url(smaller), 302)]
    assert list(smaller.manifest.items.values_list("path", flat=True)) == ["/a/3.jpg"]
    assert f"Job {job.pk} , without 2 files" in words(page(answer))
    assert page(answer).select_one("#approval")  # The same person may approve what is left.


def test_ticked_files_are_taken_out_of_the_whole_list(signed_in, job, ada):
    client = signed_in(ada)
    boxes = page(client.get(list_url(job, "all"))).select("tr[data-file] input[type=checkbox][name=file_id]")
    ids = {box["aria-label"]: box["value"] for box in boxes}
    assert set(ids) == {"Take out /a/1.jpg", "Take out /a/2.jpg", "Take out /a/3.jpg"}
    client.post(
        url(job, "job-smaller"), {"file_id": [ids["Take out /a/1.jpg"], ids["Take out /a/3.jpg"]], "reason": "x"}
    )
    smaller = DeletionJob.objects.exclude(pk=job.pk).get()
    assert list(smaller.manifest.items.values_list("path", flat=True)) == ["/a/2.jpg"]


def test_who_asked_for_it_takes_files_out_too(signed_in, job, kim):
    client = signed_in(kim)
    assert page(client.get(url(job))).select_one("#without-changed")
    client.post(url(job, "job-smaller"), {"without": "changed", "reason": "still used"})
    assert DeletionJob.objects.exclude(pk=job.pk).get().file_count == 2


@pytest.mark.parametrize("data", [{}, {"without": "everything", "reason": "x"}, {"without": "changed"}])
def test_what_is_no_wish_is_told_and_changes_nothing(signed_in, job, ada, data):
    answer = signed_in(ada).post(url(job, "job-smaller"), data, follow=True)
    assert page(answer).select(".messages .banner-danger")
    assert DeletionJob.objects.get().waits_for_approval


def test_a_viewer_looks_through_the_files_and_takes_none_out(signed_in, job):
    client = signed_in(factories.user(permissions=("view_library",)))
    shown = page(client.get(list_url(job, "all")))
    assert (len(shown.select("tr[data-file]")), shown.select("tr input")) == (3, [])
    assert client.post(url(job, "job-smaller"), {"without": "changed", "reason": "x"}).status_code == 403


def test_a_list_without_a_job_is_its_owners(signed_in, account, kim, ada):
    frozen = job_rows.manifest(account, kim, 2)
    address = reverse("medialib:manifest-changes", args=[frozen.pk, "all"])
    assert signed_in(ada).get(address).status_code == 404
    assert signed_in(kim).get(address).status_code == 200
    assert signed_in(kim).get(address.replace("/all/", "/another/")).status_code == 404


def test_the_flags_of_the_review_open_their_files(signed_in, account, kim):
    frozen = job_rows.manifest(account, kim, ["/a/1.jpg", "/a/2.jpg"])
    account.assets.filter(path="/a/1.jpg").update(size_bytes=5)
    client = signed_in(kim)
    link = page(client.get(reverse("medialib:review", args=[frozen.pk]))).select_one(".review-flags a")
    assert words(link) == "1 file"
    assert [words(row.th) for row in page(client.get(link["href"])).select("tr[data-file]")] == ["/a/1.jpg"]
