"""What a webhook and a read cost at the least, in a Django without middleware.

It verifies a header and inserts one row; it finds one row by its key and answers with it, and asks nobody who they are.

`granian tests.bench.bare:application`, with DATABASE_URL and STRIPE_WEBHOOK_SECRET in its environment.
"""

import json
import os

import dj_database_url
import stripe
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

INSERT = "insert into bare_event (id, body) values (%s, %s) on conflict do nothing"
READ = "select account_id, state, is_known, evaluated_at from account_state where account_id = %s"
SECRET = os.environ["STRIPE_WEBHOOK_SECRET"]


def receive(request: HttpRequest) -> HttpResponse:
    text = request.body.decode()
    stripe.WebhookSignature.verify_header(text, request.headers["Stripe-Signature"], SECRET, 300)
    event = json.loads(text)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [event["id"], text])
    return HttpResponse("{}", content_type="application/json")


def read(request: HttpRequest, account_id: str) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute(READ, [account_id])
        found, state, is_known, evaluated_at = cursor.fetchone()
    return JsonResponse({"account_id": found, "state": state, "is_known": is_known, "evaluated_at": evaluated_at})


urlpatterns = [path("", receive), path("<str:account_id>/entitlement/", read)]
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=60)},
    MIDDLEWARE=[],
    USE_TZ=True,
)
application = get_wsgi_application()
