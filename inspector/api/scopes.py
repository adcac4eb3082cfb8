"""Which scope a call asks for: every endpoint says it by method, and one that says nothing answers nobody."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from inspector.api.problems import Refusal
from recon.actions.use_token import Caller
from recon.actors import Scope


def refuse_without(needed: Scope, caller: Caller) -> None:
    """Refusal: of a token that may not."""
    if needed not in caller.scopes:
        raise Refusal(403, "scope", f"This asks for a token with the scope {needed}.")


class HasScope(BasePermission):  # type: ignore[misc] # rest_framework has no types
    """A method that the endpoint does not have is answered as that, to whoever has a token. `view.scopes` is method →
    scope."""

    def has_permission(self, request: Request, view: object) -> bool:
        method = "GET" if request.method == "HEAD" else request.method
        needed = getattr(view, "scopes", {}).get(method)
        if needed is not None:
            refuse_without(needed, request.user)
        return needed is not None or method not in getattr(view, "allowed_methods", ())
