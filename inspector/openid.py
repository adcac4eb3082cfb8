"""Login by an OpenID provider: discovery, code flow with PKCE, state and nonce are authlib's; who gets in is ours.

The provider says which groups somebody is in, at each login anew; OIDC_GROUP_MAP says which role each stands for.
A second factor is the provider's affair.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import OAuthError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from joserfc.errors import JoseError

TIMEOUT_S: Final = 5.0
LONGEST_NAME: Final = 140
PREFIX: Final = "sso:"
BACKEND: Final = "inspector.openid.OpenIdBackend"


class OpenIdTrouble(Exception):
    """A login by the provider that did not come about: what happened and what to do, for the person; the status."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


class OpenIdBackend(ModelBackend):
    """Reads who a session belongs to that a provider vouched for; knows no passwords."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:  # type: ignore[override]
        return None


def is_on() -> bool:
    return bool(settings.OIDC_ISSUER)


def send_to_provider(request: HttpRequest) -> HttpResponse:
    """A redirect to where one logs in. OpenIdTrouble: the provider cannot be reached."""
    try:
        response: HttpResponse = _client().authorize_redirect(
            request, request.build_absolute_uri(reverse("openid_return"))
        )
    except (requests.RequestException, AuthlibBaseError, RuntimeError) as error:
        raise OpenIdTrouble(_unreachable(), 502) from error
    return response


def claims_of_return(request: HttpRequest) -> Mapping[str, Any]:
    """What the provider says of the person who came back from it. OpenIdTrouble: it refused, or proves nothing."""
    try:
        client = _client()
        token = client.authorize_access_token(request, claims_options=_expected())
        claims = dict(token.get("userinfo") or {})
        if claims and settings.OIDC_GROUPS_CLAIM not in claims and client.server_metadata.get("userinfo_endpoint"):
            told = client.userinfo(token=token)
            claims |= told if told.get("sub") == claims["sub"] else {}
    except requests.RequestException as error:
        raise OpenIdTrouble(_unreachable(), 502) from error
    except (OAuthError, JoseError, AuthlibBaseError, ValueError, RuntimeError) as error:
        sentence = (
            f"{settings.OIDC_NAME} did not confirm who you are, or this login was begun too long ago. Begin it again."
        )
        raise OpenIdTrouble(sentence, 403) from error
    if not claims:
        raise OpenIdTrouble(
            f"{settings.OIDC_NAME} sent no proof of who you are: its administrator must allow `openid`.", 403
        )
    return claims


def username_of(claims: Mapping[str, Any]) -> str:
    """Under which name we know the person. OpenIdTrouble: the claim holds none."""
    name = claims.get(settings.OIDC_USERNAME_CLAIM)
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        sentence = f"{settings.OIDC_NAME} sent no usable name ({settings.OIDC_USERNAME_CLAIM}): tell an admin."
        raise OpenIdTrouble(sentence, 403)
    return f"{PREFIX}{name}"


def roles_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """The roles that the provider's groups stand for here; a group that nobody mapped stands for none."""
    told = claims.get(settings.OIDC_GROUPS_CLAIM)
    groups = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    return frozenset(settings.OIDC_GROUP_MAP[group] for group in groups if group in settings.OIDC_GROUP_MAP)


def _client() -> Any:
    return _registered(settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)


@lru_cache(maxsize=4)
def _registered(issuer: str, client_id: str, secret: str) -> Any:
    """Made at the first login, for what the provider publishes is then read once."""
    return OAuth().register(
        name="openid",
        client_id=client_id,
        client_secret=secret,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": settings.OIDC_SCOPES,
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_S,
        },
    )


def _expected() -> dict[str, dict[str, Any]]:
    """The token must come from this provider and be meant for us."""
    return {
        "iss": {"essential": True, "values": [settings.OIDC_ISSUER]},
        "aud": {"essential": True, "values": [settings.OIDC_CLIENT_ID]},
    }


def _unreachable() -> str:
    return f"{settings.OIDC_NAME} cannot be reached. Try again in a minute; if it stays, tell the on-call engineer."
