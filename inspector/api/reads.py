"""What every GET for tokens has in common: its parameters, the fields that are asked for, and an ETag.

Who asks again with If-None-Match is told in a few bytes that nothing has changed.
"""

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request

from inspector.api.cursors import PAGED
from inspector.api.parameters import Parameter, read_parameters, several_of
from inspector.api.shapes import Shape, parts_of
from inspector.api.token_view import TokenView
from recon.actors import Scope

# For the caller alone, and never without asking whether it still holds.
KEPT: Final = "private, no-cache"
FIELDS: Final = "Only these of the fields, by commas; all of them when it is left out."


class ReadView(TokenView):
    """`shape` is the answer's, or that of each result of a page: `fields` chooses from its fields."""

    scopes = {"GET": Scope.READ}
    http_method_names = ["get", "head"]
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    shape: ClassVar[type[Shape]]

    @classmethod
    def every_parameter(cls) -> tuple[Parameter, ...]:
        return (*cls.parameters, several_of("fields", parts_of(cls.shape), FIELDS))

    def get(self, request: Request, **where: str) -> HttpResponse:
        asked = read_parameters(self.every_parameter(), request.query_params)
        return with_etag(request, self.chosen(self.read(request, asked, **where), asked.get("fields")))

    def chosen(self, body: Mapping[str, Any], fields: Sequence[str] | None) -> Mapping[str, Any]:
        return body if fields is None else {name: value for name, value in body.items() if name in fields}

    @abstractmethod
    def read(self, request: Request, asked: Mapping[str, Any], **where: str) -> Mapping[str, Any]:
        """The whole answer. Raises Http404, Refusal."""


class PagesView(ReadView):
    """A list, some at a time."""

    @classmethod
    def every_parameter(cls) -> tuple[Parameter, ...]:
        return (*super().every_parameter(), *PAGED)

    def chosen(self, body: Mapping[str, Any], fields: Sequence[str] | None) -> Mapping[str, Any]:
        return {**body, "results": [super(PagesView, self).chosen(one, fields) for one in body["results"]]}


def with_etag(request: Request | HttpRequest, body: Mapping[str, Any]) -> HttpResponse:
    """304 for whoever has this very answer already."""
    text = json.dumps(body)
    etag = f'"{sha256(text.encode()).hexdigest()[:32]}"'
    known = {one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))}
    headers = {"ETag": etag, "Cache-Control": KEPT, "Vary": "Authorization"}
    if known & {etag, "*"}:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(text, content_type="application/json", headers=headers)
