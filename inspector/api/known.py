"""The account that a call names, or the answer that tells nothing."""

import re
from typing import Any, Final

from django.http import Http404

from recon.queries.answers import latest_answer

# Whatever its stores call an account by, in characters that can be seen and kept.
AN_ACCOUNT: Final = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,255}")
NO_ACCOUNT: Final = "not 1 to 255 characters, or one of them is no character of a text"


def known_answer(account_id: str) -> dict[str, Any]:
    """The latest answer about it. Raises Http404 for one that was never evaluated."""
    answer = latest_answer(account_id) if "\x00" not in account_id else None
    if answer is None:
        raise Http404
    return answer
