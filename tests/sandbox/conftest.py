"""A caller that speaks plain HTTP to the sandbox, so that its answers are judged as they come over the wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import requests

from medialib.sandbox.server import Sandbox

DELETE = "/v1/files/batch/deleteByFileIds"


class Api(requests.Session):
    """Calls by path, with the sandbox's key."""

    def __init__(self, sandbox: Sandbox, key: str = "private_sandbox") -> None:
        super().__init__()
        self.trust_env = False
        self.auth = (key, "") if key else None
        self.base = sandbox.api_url

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        options = {"timeout": 10, "allow_redirects": False, **options}
        return super().request(method, url if url.startswith("http") else self.base + url, *args, **options)

    def delete_many(self, file_ids: Iterable[Any], **options: Any) -> requests.Response:
        return self.post(DELETE, json={"fileIds": list(file_ids)}, **options)

    def list(self, **params: Any) -> list[dict[str, Any]]:
        answer = self.get("/v1/files", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, query: str) -> set[str]:
        return {row["fileId"] for row in self.list(searchQuery=query) if row["type"] != "folder"}


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[Api]:
    with Api(sandbox) as api:
        yield api
