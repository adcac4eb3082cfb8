"""What was typed into a form whose session had ended: it waits in the session until its writer is back.

Only the words are kept, never the deed: what was to be done is approved again. The session lies on our side, so nobody
else puts words there.
"""

from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest
from django.utils import timezone

from inspector.posted import text_of

KEPT_SECONDS: Final = 15 * 60
LONGEST: Final[Mapping[str, int]] = {"reason": 500, "proposal": 320, "text": 4_000}  # characters, by field
LONGEST_ID: Final = 200
MOST: Final = 5  # forms
REASON_KEPT: Final = "Your session had ended; your reason was kept, nothing was applied."
NOTE_KEPT: Final = "Your session had ended; your note was kept, and is not added yet."
_KEY: Final = "kept_reasons"  # [account, words by field, seconds since 1970], the oldest first


def keep_reason(request: HttpRequest, account_id: str) -> bool:
    """Keep the words of the form that was refused; False when it has none."""
    told = {field: text_of(request, field, most) for field, most in LONGEST.items()}
    words = {field: text for field, text in told.items() if text}
    if not words.keys() & {"reason", "text"} or len(account_id) > LONGEST_ID:
        return False
    others = [one for one in request.session.get(_KEY, []) if one[0] != account_id]
    request.session[_KEY] = [*others[1 - MOST :], [account_id, words, timezone.now().timestamp()]]
    if not request.user.is_authenticated:
        request.session.set_expiry(KEPT_SECONDS)
    return True


def take_kept(request: HttpRequest, account_id: str) -> Mapping[str, str]:
    """What was typed for this account within the last quarter of an hour, by field, once."""
    kept = request.session.get(_KEY)
    if not kept:
        return {}
    oldest = timezone.now().timestamp() - KEPT_SECONDS
    request.session[_KEY] = [one for one in kept if one[0] != account_id and one[2] >= oldest]
    return next((words for of_account, words, at in kept if of_account == account_id and at >= oldest), {})


def holds_kept_reason(request: HttpRequest) -> bool:
    """Is anything kept in this session?"""
    return bool(request.session.get(_KEY))
