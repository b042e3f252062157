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
