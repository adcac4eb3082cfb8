"""A reason that was typed into a form whose session had ended: it waits in the session until its writer is back.

Only the text is kept, never the deed: what was to be done is approved again. The session lies on our side, so nobody
else puts words there.
"""

from typing import Final

from django.http import HttpRequest
from django.utils import timezone

KEPT_SECONDS: Final = 15 * 60
LONGEST: Final = 500  # characters of a text, and of an account's id
MOST: Final = 5  # texts
FIELDS: Final = ("reason", "text")
KEPT_SENTENCE: Final = "Your session had ended; your reason was kept, nothing was applied."
_KEY: Final = "kept_reasons"


def keep_reason(request: HttpRequest, account_id: str) -> bool:
    """Keep what the refused form says, by account and field; False when it says nothing."""
    told = {field: request.POST.get(field, "").replace("\x00", "").strip()[:LONGEST] for field in FIELDS}
    typed = {field: text for field, text in told.items() if text}
    if not typed or len(account_id) > LONGEST:
        return False
    now = timezone.now().timestamp()
    kept = [one for one in request.session.get(_KEY, []) if one[0] != account_id][1 - MOST :]
    request.session[_KEY] = [*kept, [account_id, typed, now]]
    if not request.user.is_authenticated:
        request.session.set_expiry(KEPT_SECONDS)
    return True


def take_kept_reason(request: HttpRequest, account_id: str, field: str = "reason") -> str:
    """What was typed for this account within the last quarter of an hour, once; "" when there is nothing."""
    kept = request.session.get(_KEY)
    if not kept:
        return ""
    taken = ""
    fresh = [one for one in kept if timezone.now().timestamp() - one[2] <= KEPT_SECONDS]
    for of_account, typed, _ in fresh:
        if of_account == account_id:
            taken = typed.pop(field, "")
    left = [one for one in fresh if one[1]]
    if left != kept:
        request.session[_KEY] = left
    return taken


def holds_kept_reason(request: HttpRequest) -> bool:
    """Is anything kept in this session?"""
    return bool(request.session.get(_KEY))
