"""What every endpoint for tokens has in common: scopes by method, a count of its calls, one body read once."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from inspector.access import View, for_signed
from inspector.api.bodies import Body, json_in
from inspector.api.problems import read_text
from inspector.api.throttle import say_rate
from recon.actions.count_call import Counted
from recon.actors import Scope

MOST_BYTES: Final = 1024 * 1024


class TokenView(APIView):  # type: ignore[misc] # rest_framework has no types
    """An endpoint for tokens. `scopes` names what each of its methods asks for, `rate` with what its calls are counted.

    `text` is the body, as it came; `request_key` is the same each time that a call is tried, or empty.
    """

    scopes: ClassVar[Mapping[str, Scope]] = {}
    rate: ClassVar[str] = "calls"
    text: str = ""
    request_key: str = ""
    counted: Counted | None = None
    http_method_names = ["get", "head", "post"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> View:
        return for_signed(super().as_view(**initkwargs))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Nothing is read of somebody who may not send it."""
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            self.text = read_text(request._request, MOST_BYTES)

    def given(self, body: type[Body], request: Request) -> dict[str, Any]:
        """What the call sent, checked. Raises ValidationError, Refusal."""
        checked = body(data=json_in(self.text, request.content_type or ""))
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def finalize_response(self, request: Request, response: HttpResponse, *args: Any, **kwargs: Any) -> HttpResponse:
        answer: HttpResponse = super().finalize_response(request, response, *args, **kwargs)
        if self.counted is not None:
            say_rate(answer, self.counted)
        return answer
