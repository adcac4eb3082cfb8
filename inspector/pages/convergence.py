"""The proof that an account's verdict does not depend on how its events arrive: made when asked for, kept nowhere."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from inspector.access import lookers_only
from inspector.account import find_account
from inspector.display.convergence import convergence_page
from inspector.look_log import log_look
from inspector.rendering import render_page
from recon.actions.prove_convergence import convergence_of


@require_http_methods(["GET", "HEAD", "POST"])
@lookers_only
def convergence(request: HttpRequest, account_id: str) -> HttpResponse:
    """By POST it is made: the six stores are read, and nothing is written."""
    view = find_account(account_id)
    log_look(request, view.account_id, by="convergence")
    proof = convergence_of(view.account_id) if request.method == "POST" else None
    return render_page(request, "convergence", {"page": convergence_page(view.account_id, proof)})
