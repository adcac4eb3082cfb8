"""The addresses of the API's first version, below `/api/v1/`."""

from django.urls import path

from inspector.api.accounts import Account, Accounts, AccountStores, AccountTimeline
from inspector.api.apply import Apply, RepairView
from inspector.api.audit import Audit
from inspector.api.bulk import ApproveBulk, BeginBulk, BulkOutcomes, BulkRepair, SteerBulk
from inspector.api.drift import DriftCourse, DriftNow
from inspector.api.entitlement import entitlement
from inspector.api.events import events
from inspector.api.recompute import Recompute
from inspector.api.store_events import store_events
from inspector.api.stripe_webhook import stripe_webhook
from recon.actions.steer_bulk_repair import Steer

urlpatterns = [
    path("accounts/", Accounts.as_view(), name="api_accounts"),
    path("accounts/<account:account_id>/stores/", AccountStores.as_view(), name="api_stores"),
    path("accounts/<account:account_id>/timeline/", AccountTimeline.as_view(), name="api_timeline"),
    path("accounts/<account:account_id>/entitlement/", entitlement, name="api_entitlement"),
    path("accounts/<account:account_id>/recompute/", Recompute.as_view(), name="api_recompute"),
    path("accounts/<account:account_id>/apply/", Apply.as_view(), name="api_apply"),
    path("accounts/<account:account_id>/", Account.as_view(), name="api_account"),  # the last: an id may hold a slash
    path("repairs/<uuid:repair_id>/", RepairView.as_view(), name="api_repair"),
    path("bulk-repairs/", BeginBulk.as_view(), name="api_bulk_repairs"),
    path("bulk-repairs/<int:run_id>/", BulkRepair.as_view(), name="api_bulk_repair"),
    path("bulk-repairs/<int:run_id>/outcomes/", BulkOutcomes.as_view(), name="api_bulk_outcomes"),
    path("bulk-repairs/<int:run_id>/approve/", ApproveBulk.as_view(), name="api_bulk_approve"),
    path("bulk-repairs/<int:run_id>/pause/", SteerBulk.as_view(deed=Steer.PAUSE), name="api_bulk_pause"),
    path("bulk-repairs/<int:run_id>/resume/", SteerBulk.as_view(deed=Steer.RESUME), name="api_bulk_resume"),
    path("bulk-repairs/<int:run_id>/cancel/", SteerBulk.as_view(deed=Steer.CANCEL), name="api_bulk_cancel"),
    path("drift/", DriftNow.as_view(), name="api_drift"),
    path("drift/history/", DriftCourse.as_view(), name="api_drift_history"),
    path("audit/", Audit.as_view(), name="api_audit"),
    path("events/", events, name="events"),
    path("webhooks/stripe/", stripe_webhook, name="stripe_webhook"),
    path("store-events/", store_events, name="store_events"),
]
