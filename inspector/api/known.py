"""The account that a call names, or the answer that tells nothing."""

from typing import Any

from django.http import Http404

from recon.queries.answers import latest_answer


def known_answer(account_id: str) -> dict[str, Any]:
    """The latest answer about it. Raises Http404 for one that was never evaluated."""
    answer = latest_answer(account_id) if "\x00" not in account_id else None
    if answer is None:
        raise Http404
    return answer
