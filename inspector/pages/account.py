"""One account, the inspector: verdict line, truth matrix, facts, plan, findings and what was done."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inspector.access import lookers_only, may_apply
from inspector.display.account import account_page
from inspector.rendering import render_page
from recon.actions.look_again import look_again
from recon.queries.account import account_view
from recon.queries.audit import entries_of_account
from recon.queries.facts import account_facts


@require_safe
@lookers_only
def account(request: HttpRequest, account_id: str) -> HttpResponse:
    view = account_view(account_id) if "\x00" not in account_id else None
    if view is None:
        raise Http404
    page = account_page(
        view,
        account_facts(view),
        entries_of_account(account_id),
        permission=may_apply(request.user, view.risk),
        username=request.user.get_username(),
        only_differences=request.GET.get("only") == "differences",
        now=timezone.now(),
    )
    return render_page(request, "account", {"page": page})


@require_POST
@lookers_only
def recompute(request: HttpRequest, account_id: str) -> HttpResponse:
    """Reads the six stores now; the answer is the account's page, with or without script."""
    look_again(account_id, actor=f"user:{request.user.get_username()}")
    return redirect("account", account_id)
