"""Search: an account id, a Stripe customer id or an email, exactly; one hit opens the account."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from inspector.access import lookers_only
from inspector.rendering import render_page
from recon.queries.find import find_exact

LONGEST = 320  # the longest email there can be


@require_safe
@lookers_only
def search(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("q", "").replace("\x00", "").strip()
    found = find_exact(asked) if len(asked) <= LONGEST else []
    if len(found) == 1:
        return redirect("account", found[0].account_id)
    context = {"asked": asked[:LONGEST], "found": found, "is_too_long": len(asked) > LONGEST, "longest": LONGEST}
    return render_page(request, "search", context)
