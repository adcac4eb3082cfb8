"""Which scope a call asks for: every endpoint says it by method, and one that says nothing answers nobody."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from inspector.access import View, for_signed
from inspector.api.problems import Refusal
from recon.actors import Scope


class HasScope(BasePermission):  # type: ignore[misc] # rest_framework has no types
    """A method that the endpoint does not have is answered as that, to whoever has a token."""

    def has_permission(self, request: Request, view: "TokenView") -> bool:
        method = "GET" if request.method == "HEAD" else request.method
        needed = view.scopes.get(method)
        if needed is not None and needed not in request.user.scopes:
            raise Refusal(403, "scope", f"This asks for a token with the scope {needed}.")
        return needed is not None or method.lower() not in view.http_method_names or not hasattr(view, method.lower())


class TokenView(APIView):  # type: ignore[misc] # rest_framework has no types
    """An endpoint for tokens. `scopes` names what each of its methods asks for."""

    scopes: ClassVar[Mapping[str, Scope]] = {}
    http_method_names = ["get", "head", "post"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> View:
        return for_signed(super().as_view(**initkwargs))
