"""Where ImageKit sends its events. Nobody is signed in here: the signature says who speaks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from medialib.errors import WrongUse
from medialib.services.sync import webhooks
from medialib.services.sync.webhooks import NotSigned


@csrf_exempt
@require_POST
def imagekit_webhook(request: HttpRequest, account: str) -> HttpResponse:
    """202 for each event that was taken in, used or not: any other answer makes ImageKit send it again."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > webhooks.MOST_BYTES:
        return JsonResponse({"error": "The event is too large."}, status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        answer = webhooks.receive(account, headers, request.body)
    except NotSigned as refused:
        return JsonResponse({"error": str(refused)}, status=401)
    except WrongUse as wrong:
        return JsonResponse({"error": str(wrong)}, status=400)
    return JsonResponse({"answer": answer}, status=202)
