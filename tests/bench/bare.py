"""What a webhook costs at the least: a Django without middleware that verifies the header and inserts one row.

`granian tests.bench.bare:application`, with DATABASE_URL and STRIPE_WEBHOOK_SECRET in its environment.
"""

import json
import os

import dj_database_url
import stripe
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

INSERT = "insert into bare_event (id, body) values (%s, %s) on conflict do nothing"
SECRET = os.environ["STRIPE_WEBHOOK_SECRET"]


def receive(request: HttpRequest) -> HttpResponse:
    text = request.body.decode()
    stripe.WebhookSignature.verify_header(text, request.headers["Stripe-Signature"], SECRET, 300)
    event = json.loads(text)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [event["id"], text])
    return HttpResponse("{}", content_type="application/json")


urlpatterns = [path("", receive)]
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=60)},
    MIDDLEWARE=[],
    USE_TZ=True,
)
application = get_wsgi_application()
