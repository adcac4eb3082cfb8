"""Did Stripe sign this, and just now? Around the SDK's verifier, which believes a timestamp of next year."""

from collections.abc import Sequence
from typing import Final

from stripe import SignatureVerificationError, WebhookSignature

from inspector.api.problems import Refusal

TOLERANCE_SECONDS: Final = 300
LONGEST_HEADER: Final = 4_096  # the SDK compares every signature that the header has


def verify(text: str, header: str, secrets: Sequence[str], now: float) -> None:
    """`now` in seconds since 1970. Refusal: the signature is of none of the secrets, or not of these minutes."""
    if not header.isascii() or len(header) > LONGEST_HEADER:
        raise _refusal()
    if not any(_is_signed(text, header, secret) for secret in secrets):
        raise _refusal()
    if abs(now - _timestamp(header)) > TOLERANCE_SECONDS:
        detail = f"It was signed more than {TOLERANCE_SECONDS // 60} minutes before or after our clock."
        raise Refusal(400, "wrong_time", detail)


def _is_signed(text: str, header: str, secret: str) -> bool:
    try:
        return bool(WebhookSignature.verify_header(text, header, secret))
    except SignatureVerificationError:
        return False


def _timestamp(header: str) -> int:
    """The one that the verifier took: the first."""
    first = next(item for item in header.split(",") if item.startswith("t="))
    try:
        return int(first.removeprefix("t="))
    except ValueError as error:
        raise _refusal() from error


def _refusal() -> Refusal:
    return Refusal(400, "wrong_signature", "It is not signed with a secret of this endpoint.")
