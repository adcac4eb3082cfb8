"""The schema of the API as a page: each call with its parameters, what it answers, and how it is made by curl."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any, Final

Json = Mapping[str, Any]
AUTHORIZED: Final = 'curl -H "Authorization: Bearer $TOKEN"'
PLACES: Final = {"path": "in the path", "query": "behind the ?", "header": "header"}
BY_TOKEN: Final = "token"


@dataclass(frozen=True, slots=True)
class ParameterView:
    """`place` says where it stands, `kind` what it may be."""

    name: str
    place: str
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """`example` is JSON, or empty where there is no body."""

    status: str
    about: str
    example: str


@dataclass(frozen=True, slots=True)
class ProblemView:
    """`codes` are the words that a program can switch on."""

    status: str
    title: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallView:
    """One call. `who` says what proves that one may make it."""

    id: str
    method: str
    path: str
    summary: str
    about: str
    who: str
    parameters: tuple[ParameterView, ...]
    body: str
    answers: tuple[AnswerView, ...]
    problems: tuple[ProblemView, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class GroupView:
    anchor: str
    name: str
    calls: tuple[CallView, ...]


@dataclass(frozen=True, slots=True)
class DocsPage:
    about: str
    first_call: str
    groups: tuple[GroupView, ...]


def docs_page(schema: Json, origin: str) -> DocsPage:
    """`origin` is where the API is, as https://recon.example.com."""
    calls: dict[str, list[CallView]] = {}
    for path, methods in schema["paths"].items():
        for method, call in methods.items():
            calls.setdefault(call["tags"][0], []).append(_call(method.upper(), path, call, origin))
    groups = [GroupView(name.replace(" ", "-"), name.capitalize(), tuple(of_it)) for name, of_it in calls.items()]
    return DocsPage(schema["info"]["description"], f"{AUTHORIZED} {origin}/api/v1/drift/", tuple(groups))


def _call(method: str, path: str, call: Json, origin: str) -> CallView:
    body = _body(call)
    about = _plain(call["description"])
    return CallView(
        id=call["operationId"],
        method=method,
        path=path,
        summary=call["summary"],
        about="" if about == call["summary"] else about,
        who=_who(call["security"]),
        parameters=tuple(map(_parameter, call["parameters"])),
        body=body,
        answers=tuple(_answers(call["responses"])),
        problems=tuple(_problems(call["responses"])),
        curl=_curl(method, path, call, origin, body) if BY_TOKEN in call["security"][0] else "",
    )


def _who(security: Sequence[Json]) -> str:
    [(name, scopes)] = security[0].items()
    if name == BY_TOKEN:
        return f"A token with the scope {' and '.join(scopes)}"
    return {"storeSecret": "A secret of the store's owner"}.get(name, "Stripe's signature")


def _parameter(one: Json) -> ParameterView:
    return ParameterView(one["name"], PLACES[one["in"]], _kind(one["schema"]), _plain(one.get("description", "")))


def _kind(schema: Json) -> str:
    if schema["type"] == "array":
        return "several, by commas: " + ", ".join(schema["items"]["enum"])
    if "enum" in schema:
        return "one of " + ", ".join(schema["enum"])
    if "maximum" in schema:
        return f"{schema['minimum']:,} to {schema['maximum']:,}"
    return {"date": "a day", "uuid": "a UUID"}.get(
        schema.get("format", ""), "a whole number" if schema["type"] == "integer" else "text"
    )


def _body(call: Json) -> str:
    for content in call.get("requestBody", {}).get("content", {}).values():
        for example in content.get("examples", {}).values():
            return _json(example["value"])
    return ""


def _answers(responses: Json) -> Iterator[AnswerView]:
    for status, one in responses.items():
        if status < "4":
            shown = one.get("content", {}).get("application/json", {}).get("examples", {})
            yield AnswerView(
                status, _plain(one["description"]), "".join(_json(each["value"]) for each in shown.values())
            )


def _problems(responses: Json) -> Iterator[ProblemView]:
    for status, one in sorted(responses.items()):
        if status >= "4":
            shown = one["content"]["application/problem+json"]["examples"]
            codes = dict.fromkeys(example["value"]["code"] for example in shown.values())
            yield ProblemView(status, one["description"], tuple(codes))


def _curl(method: str, path: str, call: Json, origin: str, body: str) -> str:
    for one in call["parameters"]:
        if one["in"] == "path":
            path = path.replace("{" + one["name"] + "}", str(one["example"]))
    if method == "GET":
        return f"{AUTHORIZED} {origin}{path}"
    sent = f" \\\n  -H 'Content-Type: application/json' -d {quote(json.dumps(json.loads(body)))}" if body else ""
    return f'{AUTHORIZED} -H "Idempotency-Key: $(uuidgen)"{sent} \\\n  -X {method} {origin}{path}'


def _plain(text: str) -> str:
    """Without the marks that tools for schemas read as code."""
    return text.replace("`", "")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
