"""The schema: OpenAPI 3.1, made by drf-spectacular from the endpoints, their parameters and their descriptions.

Calls that the framework does not answer stand in it by views that exist for it alone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework.views import APIView

from inspector.api.bodies import Text
from inspector.api.bulk_bodies import BeginBody, FilterBody, Whole
from inspector.api.described import CALLS, FEED_PARAMETERS, PREFIX, Described, Told
from inspector.api.parameters import Parameter
from inspector.api.problem_examples import PROBLEMS
from inspector.api.problems import TITLES
from inspector.api.reads import PagesView, ReadView
from inspector.api.shapes_of_calls import Problem

Json = dict[str, Any]
OF_EACH: Final = ("not_authenticated", "scope", "json_only", "too_many", "not_available")
OF_SECRET: Final = ("not_authenticated", "not_available")
OF_READ: Final = ("bad_parameter",)
NOT_BLANK: Final = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
PATTERNS: Final = {"digest": "^[0-9a-f]{64}$", "currency": "^[a-z]{3}$"}
# What fields of one body ask of each other.
TOGETHER: Final[Mapping[Any, Json]] = {
    BeginBody: {"minProperties": 2, "maxProperties": 2},  # the reason, and either of the others
    FilterBody: {"minProperties": 1, "dependentRequired": {"min_owed": ["currency"]}},
}
LOCATION: Final[Json] = {"description": "Where to look.", "schema": {"type": "string"}}
ETAG: Final[Json] = {"description": "Of this very answer: send it as If-None-Match.", "schema": {"type": "string"}}
RATE: Final[Json] = {
    "RateLimit-Limit": {"description": "Calls a minute.", "schema": {"type": "integer"}},
    "RateLimit-Remaining": {"description": "Calls that are left in it.", "schema": {"type": "integer"}},
    "RateLimit-Reset": {"description": "Seconds until it ends.", "schema": {"type": "integer"}},
}
IF_NONE_MATCH: Final[Json] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of an answer that the caller has: 304 when it still holds.",
    "schema": {"type": "string"},
    "example": '"1f0c1d6b5a3e4f7290ab1c2d3e4f5061"',
}
IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key with the same call acts once, and is answered the same.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "crm-2026-03-20-0001",
}
PATHS: Final[Mapping[str, Json]] = {
    "account_id": {
        "description": "The account's id, as every store has it.",
        "schema": {"type": "string", "minLength": 1, "pattern": r"^[^/\x00-\x1F\x7F]+$"},
        "example": "acc_1",
    },
    "run_id": {
        "description": "The bulk repair's number.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 12,
    },
    "repair_id": {
        "description": "The repair's id.",
        "schema": {"type": "string", "format": "uuid"},
        "example": "6b1f0a52-3a7e-4b0e-9c55-7d1d5a4f3c21",
    },
}


class Asked(APIView):  # type: ignore[misc] # rest_framework has no types
    """Stands for a call by GET that is no view of the framework's."""

    def get(self, request: Any) -> None: ...


class Sent(APIView):  # type: ignore[misc] # rest_framework has no types
    """Stands for a call by POST that is no view of the framework's."""

    def post(self, request: Any) -> None: ...


# Calls that are answered without the framework, and what stands for each.
WITHOUT_FRAMEWORK: Final = (
    ("accounts/{account_id}/entitlement/", "GET", Asked),
    ("events/", "GET", Asked),
    ("store-events/", "POST", Sent),
    ("webhooks/stripe/", "POST", Sent),
)


def add_others(endpoints: list[Any]) -> list[Any]:
    """Before the schema is made: calls that the framework does not know; nothing above this version."""
    others = [
        (f"{PREFIX}{path}", f"{PREFIX}{path}", method, view.as_view()) for path, method, view in WITHOUT_FRAMEWORK
    ]
    return [one for one in endpoints if one[0].startswith(PREFIX)] + others


def tidy(result: Json, **of_generator: Any) -> Json:
    """After it is made: without the marks that the library leaves for a step of its own that is not taken here, and so
    that generators of clients make of it what a person would write."""
    return {name: _tidied(part) for name, part in result.items()}


def _tidied(part: Any) -> Any:
    if isinstance(part, Mapping):
        kept = {name: _tidied(value) for name, value in part.items() if name != "x-spec-enum-id"}
        return _word_or_null(kept) if kept.get("type") == ["string", "null"] and "enum" in kept else kept
    return [_tidied(one) for one in part] if isinstance(part, list) else part


def _word_or_null(schema: Json) -> Json:
    """The same said as one closed set beside null: the mixed form becomes three types in a generated client."""
    words = {"type": "string", "enum": [word for word in schema["enum"] if word is not None]}
    others = {name: value for name, value in schema.items() if name not in ("type", "enum")}
    return {"oneOf": [words, {"type": "null"}], **others}


class ApiSchema(AutoSchema):
    """One operation, out of the view and its description."""

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Json:
        self.registry, self.path, self.path_regex, self.path_prefix = registry, path, path_regex, path_prefix
        self.method = method.upper()
        call = CALLS.get((path.removeprefix(PREFIX), self.method)) or self._unnamed()
        operation: Json = {
            "operationId": call.id,
            "tags": [call.tag],
            "summary": call.summary,
            "description": call.summary if isinstance(self.view, Asked | Sent) else (type(self.view).__doc__ or ""),
            "parameters": list(self._parameters(call)),
            "security": self._security(call),
            "responses": self._responses(call),
        }
        if self.method == "POST":
            operation["requestBody"] = self._body(call)
        return operation

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Json:
        """Of the fields of a body that are stricter than the framework's own."""
        if isinstance(field, Whole):
            return {"type": "integer", "minimum": 1, "maximum": field.most}
        as_usual: Any = super()._map_serializer_field
        told: Json = as_usual(field, direction, bypass_extensions)
        return told | {"pattern": PATTERNS.get(field.field_name, NOT_BLANK)} if isinstance(field, Text) else told

    def _unnamed(self) -> Described:
        """Of a call that nobody described."""
        words = re.sub(r"[^a-z]+", "_", self.path.removeprefix(PREFIX)).strip("_")
        return Described(f"{self.method.lower()}_{words}", words.split("_")[0], words.replace("_", " "))

    def _parameters(self, call: Described) -> Iterator[Json]:
        for name in re.findall(r"{(\w+)}", self.path):
            of_path = PATHS.get(name, {"schema": {"type": "string"}})
            yield {"name": name, "in": "path", "required": True, **of_path}
        known = self.view.every_parameter() if isinstance(self.view, ReadView) else ()
        yield from map(_parameter, FEED_PARAMETERS if call.id == "list_events" else known)
        if isinstance(self.view, ReadView):
            yield IF_NONE_MATCH
        if call.has_key:
            yield IDEMPOTENCY_KEY

    def _security(self, call: Described) -> list[Json]:
        if call.is_secret:
            return [{"stripeSignature": []} if "stripe" in call.id else {"storeSecret": []}]
        scopes = getattr(self.view, "scopes", {}).get(self.method, "read")
        return [{"token": [str(scopes)]}]

    def _responses(self, call: Described) -> Json:
        refused = OF_SECRET if call.is_secret else OF_EACH
        reads = OF_READ if isinstance(self.view, ReadView) or call.id == "list_events" else ()
        answers = {str(status): self._told(status, one, call) for status, one in self._answers(call).items()}
        return answers | self._problems((*refused, *reads, *call.refused))

    def _answers(self, call: Described) -> Mapping[int, Told]:
        if not isinstance(self.view, ReadView):
            return call.answers or {200: Told("Done.")}
        about = "One page." if isinstance(self.view, PagesView) else (self.view.shape.__doc__ or "")
        return {200: Told(about, self.view.shape, call.example), 304: Told("The caller has this answer already.")}

    def _told(self, status: int, one: Told, call: Described) -> Json:
        headers = {} if call.is_secret else dict(RATE)
        if status == 202 and not call.is_secret:
            headers["Location"] = LOCATION
        if (self.method == "GET" and call.id in WITH_ETAG) or isinstance(self.view, ReadView):
            headers["ETag"] = ETAG
        if one.shape is None:
            return {"description": one.about, "headers": headers}
        reference = self.resolve_serializer(one.shape, "response").ref
        example = one.example
        if isinstance(self.view, ReadView):
            self._make_selectable(one.shape)
        if isinstance(self.view, PagesView):
            reference, example = self._page_of(one.shape, reference), {"results": [one.example], "next": None}
        examples = {} if one.example is None else {"examples": {"whole": {"value": example}}}
        content = {"application/json": {"schema": reference, **examples}}
        return {"description": one.about, "headers": headers, "content": content}

    def _make_selectable(self, shape: Any) -> None:
        """`fields` chooses from it, so that each of its fields may be missing."""
        self.resolve_serializer(shape, "response").schema.pop("required", None)

    def _page_of(self, shape: Any, reference: Json) -> Json:
        following = {"type": ["string", "null"], "description": "The next page, relative to this host; null: the last."}
        results = {"type": "array", "items": reference}
        schema = {
            "type": "object",
            "properties": {"results": results, "next": following},
            "required": ["results", "next"],
        }
        name = f"{shape.__name__}Page"
        kind = ResolvedComponent.SCHEMA
        component = ResolvedComponent(name, kind, schema, name)  # type: ignore[no-untyped-call] # a library's
        self.registry.register_on_missing(component)
        found: Json = component.ref
        return found

    def _problems(self, names: Iterable[str]) -> Json:
        reference = self.resolve_serializer(Problem, "response").ref
        found: Json = {}
        for name in names:
            example = PROBLEMS[name]
            status = str(example["status"])
            content = {"application/problem+json": {"schema": reference, "examples": {}}}
            one = found.setdefault(status, {"description": TITLES[example["status"]], "content": content})
            one["content"]["application/problem+json"]["examples"][name] = {"value": example}
        return found

    def _body(self, call: Described) -> Json:
        if call.body is None:
            return {"content": {"application/json": {"schema": {"type": "object"}}}}
        component = self.resolve_serializer(call.body, "request")
        closed = component.schema or {"type": "object"}
        closed |= {"additionalProperties": False, **TOGETHER.get(call.body, {})}
        if "filter" in closed.get("properties", {}):
            of_filter = self.resolve_serializer(FilterBody, "request").schema
            of_filter |= {"additionalProperties": False, **TOGETHER[FilterBody]}
        schema = component.ref if component.schema else closed
        if call.id == "send_store_events":
            many = {"type": "array", "items": component.ref, "minItems": 1, "maxItems": 1_000}
            schema = {"oneOf": [component.ref, many]}
        content = {"application/json": {"schema": schema, "examples": {"whole": {"value": call.body_example}}}}
        return {"required": bool(closed.get("required")), "content": content}


WITH_ETAG: Final = frozenset({"read_entitlement"})


def _parameter(one: Parameter) -> Json:
    told: Json = {"name": one.name, "in": "query", "description": one.about, "schema": dict(one.schema)}
    if one.schema.get("type") == "array":
        told |= {"style": "form", "explode": False, "example": one.example.split(",")}
    elif one.example:
        told["example"] = int(one.example) if one.schema.get("type") == "integer" else one.example
    return told
