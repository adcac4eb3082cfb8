"""Every address of the inspector. Each page says what right it asks for (inspector.access)."""

from django.urls import include, path

from inspector.api.metrics import metrics
from inspector.api.schema_view import api_schema
from inspector.pages.account import account, recompute
from inspector.pages.accounts import accounts, accounts_csv
from inspector.pages.api_docs import api_docs
from inspector.pages.approve import approve
from inspector.pages.audit import audit, audit_csv, audit_entry
from inspector.pages.bulk import bulk_csv, bulk_repair, steer_bulk
from inspector.pages.bulk_list import begin_bulk, begin_proposals, bulk_repairs
from inspector.pages.cases import cases, cases_csv
from inspector.pages.convergence import convergence
from inspector.pages.decide import decide, end
from inspector.pages.event import event, ignore_one, replay_one
from inspector.pages.failed import failed, ignore, replay
from inspector.pages.health import healthz, readyz
from inspector.pages.home import home
from inspector.pages.keys import keys
from inspector.pages.login import login, logout, openid_begin, openid_return, password, password_done
from inspector.pages.look_ups import look_ups
from inspector.pages.note import note
from inspector.pages.policy import close_breaker, policy, set_mode
from inspector.pages.policy_versions import change_policy, policy_version, steer_policy
from inspector.pages.queue import claim, forget, next_account, release, save, snooze, wake
from inspector.pages.relapses import relapses, release_relapses
from inspector.pages.repair import repair
from inspector.pages.rollout import rollout
from inspector.pages.search import search
from inspector.pages.status import check_now, pause, status
from inspector.pages.tokens import make, revoke, tokens
from inspector.pages.undo import undo

urlpatterns = [
    path("", home, name="home"),
    path("search/", search, name="search"),
    path("accounts/", accounts, name="accounts"),
    path("accounts.csv", accounts_csv, name="accounts_csv"),
    path("accounts/<account:account_id>/claim/", claim, name="claim"),
    path("accounts/<account:account_id>/release/", release, name="release_account"),
    path("accounts/<account:account_id>/snooze/", snooze, name="snooze"),
    path("accounts/<account:account_id>/wake/", wake, name="wake"),
    path("accounts/<account:account_id>/decide/", decide, name="decide_case"),
    path("accounts/<account:account_id>/convergence/", convergence, name="convergence"),
    path("accounts/<account:account_id>/recompute/", recompute, name="recompute"),
    path("accounts/<account:account_id>/apply/", approve, name="approve"),
    path("accounts/<account:account_id>/notes/", note, name="add_note"),
    path("accounts/<account:account_id>/", account, name="account"),  # the last: an id may hold a slash
    path("repairs/<uuid:repair_id>/", repair, name="repair"),
    path("repairs/<uuid:repair_id>/undo/", undo, name="undo"),
    path("queue/next/", next_account, name="next_account"),
    path("queue/filters/", save, name="save_filter"),
    path("queue/filters/<int:number>/forget/", forget, name="forget_filter"),
    path("cases/", cases, name="cases"),
    path("cases.csv", cases_csv, name="cases_csv"),
    path("cases/<int:number>/end/", end, name="end_case"),
    path("bulk/", bulk_repairs, name="bulk_repairs"),
    path("bulk/begin/", begin_bulk, name="begin_bulk"),
    path("bulk/proposals/begin/", begin_proposals, name="begin_proposals"),
    path("bulk/<int:run_id>/", bulk_repair, name="bulk_repair"),
    path("bulk/<int:run_id>/outcomes.csv", bulk_csv, name="bulk_csv"),
    path("bulk/<int:run_id>/<slug:deed>/", steer_bulk, name="steer_bulk"),
    path("audit/", audit, name="audit"),
    path("audit.csv", audit_csv, name="audit_csv"),
    path("audit/look-ups/", look_ups, name="look_ups"),
    path("audit/<int:seq>/", audit_entry, name="audit_entry"),
    path("failed/", failed, name="failed"),
    path("failed/replay/", replay, name="replay_failed"),
    path("failed/ignore/", ignore, name="ignore_failed"),
    path("events/<int:number>/", event, name="event"),
    path("events/<int:number>/replay/", replay_one, name="replay_event"),
    path("events/<int:number>/ignore/", ignore_one, name="ignore_event"),
    path("relapses/", relapses, name="relapses"),
    path("relapses/release/", release_relapses, name="release_relapses"),
    path("rollout/", rollout, name="rollout"),
    path("policy/", policy, name="policy"),
    path("policy/mode/", set_mode, name="set_mode"),
    path("policy/breaker/", close_breaker, name="close_breaker"),
    path("policy/change/", change_policy, name="change_policy"),
    path("policy/versions/<int:number>/", policy_version, name="policy_version"),
    path("policy/versions/<int:number>/<slug:deed>/", steer_policy, name="steer_policy"),
    path("tokens/", tokens, name="tokens"),
    path("tokens/make/", make, name="make_token"),
    path("tokens/<int:number>/revoke/", revoke, name="revoke_token"),
    path("status/", status, name="status"),
    path("keys/", keys, name="keys"),
    path("status/check/", check_now, name="check_now"),
    path("status/pause/", pause, name="pause"),
    path("login/", login, name="login"),
    path("login/openid/", openid_begin, name="openid_begin"),
    path("login/openid/return/", openid_return, name="openid_return"),
    path("logout/", logout, name="logout"),
    path("password/", password, name="password"),
    path("password/done/", password_done, name="password_done"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/docs/", api_docs, name="api_docs"),
    path("api/schema/", api_schema, name="api_schema"),
    path("api/v1/", include("inspector.api.urls")),
]

handler400 = "inspector.pages.errors.refused"
handler403 = "inspector.pages.errors.forbidden"
handler404 = "inspector.pages.errors.not_found"
handler500 = "inspector.pages.errors.broken"
