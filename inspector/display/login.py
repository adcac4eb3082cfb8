"""The login page's words: why one stands before it, whom one may be in the demo, how long the door is shut."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

ENDED: Final = {
    "idle": "Your session ended because it was not used for a while.",
    "old": "Your session ended: one lasts for a working day.",
    "roles": "Your roles were changed, so your session ended.",
}


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """One of the demo's people; the password may be known to all."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class LoginWords:
    """What the login page offers: a form, a provider's button, the demo's people."""

    with_password: bool
    provider: str
    provider_href: str
    demo: tuple[DemoLogin, ...]


def login_words(target: str) -> LoginWords:
    """`target` is where a login leads, checked already; "" for home."""
    query = f"?{urlencode({'next': target})}" if target else ""
    return LoginWords(
        with_password=settings.LOCAL_LOGINS,
        provider=settings.OIDC_NAME if settings.OIDC_ISSUER else "",
        provider_href=f"{reverse('openid_begin')}{query}",
        demo=tuple(DemoLogin(*one.split(":", 1)) for one in settings.DEMO_LOGINS),
    )


def ended_words(code: str, *, has_kept: bool) -> str:
    """Why one has to log in again; "" when one never was logged in, as far as we know."""
    why = ENDED.get(code, "Your session had ended." if has_kept else "")
    return f"{why} What you typed is kept; nothing was applied." if has_kept else why


def locked_words(minutes: int) -> str:
    unit = "minute" if minutes == 1 else "minutes"
    return f"Too many wrong passwords came from here. Try again in {minutes} {unit}."
