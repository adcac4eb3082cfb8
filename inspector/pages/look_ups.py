"""Who looked at which account: everybody's looks for finance and admin, one's own for all."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inspector.access import may_see_look_ups, needs
from inspector.actor import actor_of
from inspector.display.audit_filter import as_actor
from inspector.display.look_ups import key_of, look_ups_page
from inspector.rendering import render_page
from recon.actions.authority import Right
from recon.queries.look_ups import LookUpFilter
from recon.queries.look_ups import look_ups as look_up_lines
from recon.words import storable

PAGE = 50


@require_safe
@needs(Right.AUDIT_OWN)
def look_ups(request: HttpRequest) -> HttpResponse:
    sees_all = may_see_look_ups(request.user).allowed
    given = {name: storable(request.GET.get(name, ""), 200) for name in ("actor", "account")}
    before = key_of(request.GET.get("after", ""))
    wanted = LookUpFilter(
        seen_by="" if sees_all else actor_of(request),
        actor=as_actor(given["actor"]),
        account=given["account"],
    )
    page = look_ups_page(
        look_up_lines(wanted, before=before, limit=PAGE + 1),
        in_url={name: value for name, value in given.items() if value},
        sees_all=sees_all,
        kept_days=settings.LOOK_UP_DAYS,
        size=PAGE,
        is_first=before is None,
        now=timezone.now(),
    )
    return render_page(request, "look_ups", {"page": page})
