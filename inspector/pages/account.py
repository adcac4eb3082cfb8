"""One account, the inspector: verdict line, truth matrix, facts, plan, findings, what was done, and the foot."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from inspector.access import lookers_only
from inspector.account import find_account, show_account
from inspector.display.address import Address
from recon.actions.look_again import look_again


@require_safe
@lookers_only
def account(request: HttpRequest, account_id: str) -> HttpResponse:
    return show_account(request, find_account(account_id))


@require_POST
@lookers_only
def recompute(request: HttpRequest, account_id: str) -> HttpResponse:
    """Reads the six stores now; the answer is the account's page, with or without script."""
    look_again(account_id, actor=f"user:{request.user.get_username()}")
    return redirect(Address.asked(account_id, request.GET).href())
