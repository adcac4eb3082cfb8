"""Approve a plan, or one of its proposals to Stripe, from a form; whoever may not is told, and the attempt recorded."""

from dataclasses import dataclass
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from inspector.access import Permission, groups_of, lookers_only, may_apply, may_govern, may_propose
from inspector.account import find_account, show_account
from inspector.actor import actor_of
from inspector.display.approval import REASON_LENGTH, Typed
from inspector.display.proposals import id_to_type
from inspector.display.refusal import refused
from inspector.posted import text_of
from inspector.rendering import render_page
from inspector.request_id import current_request_id
from recon.actions.approve import Approved, approve_plan
from recon.queries.account import AccountView
from recon.queries.pauses import applies_paused
from recon.queries.plans import plan_seen
from recon.queries.repairs import live_repair

DIGEST_LENGTH = 64
KEY_LENGTH = 64
PROPOSAL_LENGTH = 320


class SeeOther(HttpResponseRedirect):
    """The answer to a form is a page of its own, which may be reloaded as often as one likes."""

    status_code = 303


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form said; `digest` is cut to a digest's length, whatever was sent."""

    digest: str
    request_key: str
    proposal: str
    reason: str
    object_id: str
    overrides_pause: bool


@require_POST
@lookers_only
def approve(request: HttpRequest, account_id: str) -> HttpResponse:
    """To the repair's page when it is approved; the account's page again (422) when the form is not filled in right;
    what was approved beside what is true now (409) when it may not be done."""
    asked, view = _asked(request), find_account(account_id)
    typed = _typed(asked)
    if typed.reason_error or typed.object_error:
        return show_account(request, view, typed=typed, status=422)
    approved = approve_plan(
        account_id,
        digest=asked.digest,
        actor=actor_of(request),
        groups=groups_of(request.user),
        reason=asked.reason,
        request_id=current_request_id(),
        request_key=asked.request_key,
        proposal=asked.proposal or None,
        overrides_pause=asked.overrides_pause,
    )
    if approved.apply_id is not None:
        return SeeOther(reverse("repair", args=[approved.apply_id]))
    permission = may_propose(request.user) if asked.proposal else may_apply(request.user, view.risk)
    if approved.code == "forbidden":
        raise PermissionDenied(permission.why_not)
    return _refused(request, view, approved, asked, typed, permission)


def _refused(
    request: HttpRequest, view: AccountView, approved: Approved, asked: Asked, typed: Typed, permission: Permission
) -> HttpResponse:
    page = refused(
        view,
        approved.code,
        approved.sentence,
        typed=typed,
        seen=plan_seen(view.account_id, asked.digest),
        permission=permission,
        pause=applies_paused(),
        may_override=may_govern(request.user).allowed,
        live=live_repair(view.account_id),
        now=timezone.now(),
    )
    return render_page(request, "refusal", {"page": page}, status=409)


def _asked(request: HttpRequest) -> Asked:
    return Asked(
        digest=text_of(request, "digest")[:DIGEST_LENGTH],
        request_key=text_of(request, "request_key")[:KEY_LENGTH] or str(uuid4()),
        proposal=text_of(request, "proposal")[:PROPOSAL_LENGTH],
        reason=text_of(request, "reason"),
        object_id=text_of(request, "object_id")[:PROPOSAL_LENGTH],
        overrides_pause=text_of(request, "override") == "on",
    )


def _typed(asked: Asked) -> Typed:
    wanted = id_to_type(asked.proposal) if asked.proposal else ""
    return Typed(
        reason=asked.reason[: 2 * REASON_LENGTH],
        proposal=asked.proposal,
        object_id=asked.object_id,
        reason_error=reason_error(asked.reason),
        object_error=f"Type {wanted} exactly: it cannot be taken back." if asked.object_id != wanted else "",
    )


def reason_error(reason: str) -> str:
    if not reason:
        return "Say why: the reason stands in the audit, and nothing is applied without one."
    if len(reason) > REASON_LENGTH:
        return f"That is {len(reason)} characters: say it in {REASON_LENGTH}."
    return ""
