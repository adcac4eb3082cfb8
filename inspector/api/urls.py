"""The addresses of the API's first version, below `/api/v1/`."""

from django.urls import path

from inspector.api.apply import Apply, RepairView
from inspector.api.entitlement import EntitlementView
from inspector.api.events import events
from inspector.api.recompute import Recompute
from inspector.api.store_events import store_events
from inspector.api.stripe_webhook import stripe_webhook

urlpatterns = [
    path("accounts/<str:account_id>/entitlement/", EntitlementView.as_view(), name="api_entitlement"),
    path("accounts/<str:account_id>/recompute/", Recompute.as_view(), name="api_recompute"),
    path("accounts/<str:account_id>/apply/", Apply.as_view(), name="api_apply"),
    path("repairs/<uuid:repair_id>/", RepairView.as_view(), name="api_repair"),
    path("events/", events, name="events"),
    path("webhooks/stripe/", stripe_webhook, name="stripe_webhook"),
    path("store-events/", store_events, name="store_events"),
]
