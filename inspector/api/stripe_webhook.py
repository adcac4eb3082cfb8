"""`POST /api/v1/webhooks/stripe/`: verify, keep, answer. What an event means is found out later, from the stores."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from inspector.access import for_signed
from inspector.api.problems import Refusal, answer, not_stored, posted, read_text
from inspector.api.signature import verify
from recon.actions.incoming import Incoming
from recon.actions.receive_event import Installation, receive_event
from recon.actions.stripe_event import NotAnEvent, stripe_event

log = logging.getLogger(__name__)


@csrf_exempt
@for_signed
@posted
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    event = _event(request, now)
    installation = Installation(connected_accounts=frozenset(settings.STRIPE_CONNECTED_ACCOUNTS))
    try:
        receive_event(event, now=now, installation=installation)
    except (DatabaseError, InterfaceError) as error:
        log.exception("a webhook was not stored", extra={"event_id": event.event_id})
        raise not_stored() from error
    return answer({"received": True})


def _event(request: HttpRequest, now: datetime) -> Incoming:
    if not settings.STRIPE_WEBHOOK_SECRETS:
        raise Refusal(503, "no_secret", "No webhook secret is set here, so nothing can be verified.")
    text = read_text(request, settings.WEBHOOK_MOST_BYTES)
    verify(text, request.headers.get("Stripe-Signature", ""), settings.STRIPE_WEBHOOK_SECRETS, now.timestamp())
    try:
        event = stripe_event(text)
    except NotAnEvent as error:
        raise Refusal(400, "not_an_event", str(error)) from error
    if event.livemode != settings.STRIPE_LIVEMODE:
        log.error("a webhook of Stripe's other mode arrived", extra={"event_id": event.event_id})
        raise Refusal(400, "wrong_mode", "It is of the other mode than this installation: test or live.")
    return event
