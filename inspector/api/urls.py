"""The addresses of the API's first version, below `/api/v1/`."""

from django.urls import path

from inspector.api.events import events
from inspector.api.store_events import store_events
from inspector.api.stripe_webhook import stripe_webhook

urlpatterns = [
    path("events/", events, name="events"),
    path("webhooks/stripe/", stripe_webhook, name="stripe_webhook"),
    path("store-events/", store_events, name="store_events"),
]
