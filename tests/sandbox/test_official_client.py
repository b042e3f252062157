"""ImageKit's own Python SDK works against the sandbox, unchanged but for its base URL."""

from __future__ import annotations

import imagekitio
import pytest
from imagekitio import ImageKit


@pytest.fixture
def sdk(sandbox):
    with ImageKit(private_key="private_sandbox", base_url=sandbox.api_url) as client:
        yield client


@pytest.fixture
def ids(sandbox):
    return sandbox.add_files([{"path": f"/sdk/{number}.jpg", "tags": ["x"]} for number in range(5)])


def test_list_and_details(sdk, ids):
    assert {asset.file_id for asset in sdk.assets.list(type="file", limit=1000)} == set(ids)
    found = sdk.assets.list(search_query=f'id IN ["{ids[0]}", "{ids[1]}"]')
    assert {asset.file_id for asset in found} == set(ids[:2])
    details = sdk.files.get(ids[0])
    assert (details.name, details.size, details.tags) == ("0.jpg", 1234, ["x"])


def test_bulk_delete(sdk, sandbox, ids):
    answer = sdk.files.bulk.delete(file_ids=ids[:3])
    assert set(answer.successfully_deleted_file_ids) == set(ids[:3])
    assert sandbox.file_ids() == set(ids[3:])


def test_bulk_delete_of_an_unknown_id_names_it_and_deletes_nothing(sdk, sandbox, ids):
    with pytest.raises(imagekitio.NotFoundError) as caught:
        sdk.files.bulk.delete(file_ids=[*ids, "64f0c1a2b3d4e5f601234567"])
    assert caught.value.body["missingFileIds"] == ["64f0c1a2b3d4e5f601234567"]
    assert sandbox.file_ids() == set(ids)


def test_its_own_retry_of_a_lost_answer_ends_in_404(sdk, sandbox, ids):
    sandbox.fault("lost_after")
    with pytest.raises(imagekitio.NotFoundError) as caught:
        sdk.with_options(max_retries=1).files.bulk.delete(file_ids=ids)
    assert set(caught.value.body["missingFileIds"]) == set(ids)


def test_single_delete(sdk, sandbox, ids):
    sdk.files.delete(ids[0])
    assert sandbox.file_ids() == set(ids[1:])
    with pytest.raises(imagekitio.NotFoundError):
        sdk.files.delete(ids[0])


def test_purge_and_its_status(sdk, sandbox):
    answer = sdk.cache.invalidation.create(url=f"{sandbox.url_endpoint}/sdk/0.jpg")
    assert [sdk.cache.invalidation.get(answer.request_id).status for _ in range(2)] == ["Pending", "Completed"]


def test_upload_then_find(sdk, sandbox):
    answer = sdk.files.upload(file=b"hello", file_name="note.txt", folder="/up", tags=["a", "b"])
    assert sandbox.file_ids() == {answer.file_id}
    assert sdk.files.get(answer.file_id).tags == ["a", "b"]


def test_update_versions_folders_and_usage(sdk, ids):
    assert sdk.files.update(ids[0], tags=["new"]).tags == ["new"]
    assert [version.file_id for version in sdk.files.versions.list(ids[0])] == [ids[0]]
    sdk.folders.create(folder_name="made", parent_folder_path="/sdk")
    sdk.folders.delete(folder_path="/sdk/made")
    usage = sdk.accounts.usage.get(start_date="2026-01-01", end_date="2026-01-31")
    assert usage.media_library_storage_bytes == 5 * 1234


@pytest.mark.parametrize(("key", "error"), [("private_wrong", imagekitio.PermissionDeniedError)])
def test_a_wrong_key(sandbox, key, error):
    with ImageKit(private_key=key, base_url=sandbox.api_url) as client, pytest.raises(error):
        client.assets.list()


def test_files_are_moved_copied_and_renamed(sdk, sandbox, ids):
    sdk.files.move(source_file_path="/sdk/0.jpg", destination_path="/moved")
    sdk.files.copy(source_file_path="/sdk/1.jpg", destination_path="/copied", include_file_versions=True)
    assert sdk.files.rename(file_path="/sdk/2.jpg", new_file_name="two.jpg").purge_request_id is None
    renamed = sdk.files.rename(file_path="/sdk/3.jpg", new_file_name="three.jpg", purge_cache=True)
    assert sdk.cache.invalidation.get(renamed.purge_request_id).status == "Pending"
    paths = {asset.file_path for asset in sdk.assets.list(type="file")}
    assert paths == {
        "/moved/0.jpg",
        "/sdk/1.jpg",
        "/copied/1.jpg",
        "/sdk/two.jpg",
        "/sdk/three.jpg",
        "/sdk/4.jpg",
    }


def test_folders_are_moved_copied_and_renamed_by_jobs(sdk, ids):
    jobs = [
        sdk.folders.copy(source_folder_path="/sdk", destination_path="/copies", include_versions=True),
        sdk.folders.move(source_folder_path="/copies/sdk", destination_path="/moves"),
        sdk.folders.rename(folder_path="/moves/sdk", new_folder_name="named", purge_cache=True),
    ]
    for job in jobs:
        assert [sdk.folders.job.get(job.job_id).status for _ in range(2)] == ["Pending", "Completed"]
    folders = {asset.folder_path for asset in sdk.assets.list(type="folder")}
    assert folders == {"/sdk", "/copies", "/moves", "/moves/named"}
    with pytest.raises(imagekitio.ConflictError):
        sdk.with_options(max_retries=0).folders.rename(folder_path="/sdk", new_folder_name="moves")


def test_webhooks_are_made_changed_and_deleted(sdk):
    made = sdk.accounts.webhooks.create(endpoint="https://example.com/events", events=["file.deleted"])
    assert (made.enabled, made.events, made.secret.startswith("whsec_")) == (True, ["file.deleted"], True)
    assert sdk.accounts.webhooks.get(made.id) == made
    changed = sdk.accounts.webhooks.update(made.id, events=["folder.updated", "file.updated"], enabled=False)
    assert (changed.events, changed.enabled) == (["folder.updated", "file.updated"], False)
    assert (changed.secret, changed.endpoint, changed.created_at) == (made.secret, made.endpoint, made.created_at)
    assert changed.updated_at > made.updated_at
    assert sdk.accounts.webhooks.list() == [changed]
    sdk.accounts.webhooks.delete(made.id)
    assert sdk.accounts.webhooks.list() == []
    with pytest.raises(imagekitio.NotFoundError):
        sdk.accounts.webhooks.get(made.id)


def test_a_webhooks_endpoint_is_an_address_of_its_own_and_there_are_three_at_most(sdk):
    for number in range(2):
        sdk.accounts.webhooks.create(endpoint=f"https://example.com/{number}", events=["file.deleted"])
    for endpoint in ("https://example.com/0", "ftp://example.com", "https://", "nonsense"):
        with pytest.raises(imagekitio.BadRequestError):
            sdk.accounts.webhooks.create(endpoint=endpoint, events=["file.deleted"])
    sdk.accounts.webhooks.create(endpoint="https://example.com/2", events=["file.deleted"])
    with pytest.raises(imagekitio.BadRequestError):
        sdk.accounts.webhooks.create(endpoint="https://example.com/3", events=["file.deleted"])
