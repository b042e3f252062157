"""ImageKit's endpoints for the webhooks of an account."""

from __future__ import annotations

from medialib.sandbox.api import Api, Work
from medialib.sandbox.http.answers import Response, json_answer


def all_webhooks(api: Api, work: Work) -> Response:
    return json_answer(200, [webhook.as_json() for webhook in api.webhooks.all()])


def create(api: Api, work: Work) -> Response:
    return json_answer(201, api.webhooks.create(work.request.json_object()).as_json())


def webhook(api: Api, work: Work) -> Response:
    return json_answer(200, api.webhooks.get(work.ids[0]).as_json())


def change(api: Api, work: Work) -> Response:
    return json_answer(200, api.webhooks.change(work.ids[0], work.request.json_object()).as_json())


def delete(api: Api, work: Work) -> Response:
    api.webhooks.delete(work.ids[0])
    return Response(204)
