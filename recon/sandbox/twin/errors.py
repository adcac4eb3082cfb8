"""Answers and refusals in Stripe's shape."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer: status, JSON body as bytes, further headers."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())


class Refused(Exception):
    """A request that Stripe would answer with an error object."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        told = {"code": code, "message": message, "param": param, "type": kind}
        self.error = {key: value for key, value in told.items() if value is not None}

    def answer(self) -> Answer:
        return json_answer({"error": self.error}, self.status)


def json_answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(body).encode())


def invalid(message: str, code: str | None = None, param: str | None = None, status: int = 400) -> Refused:
    return Refused(status, "invalid_request_error", message, code, param)


def missing(kind: str, object_id: str, param: str = "id", status: int = 404) -> Refused:
    """Stripe's `resource_missing`; 400 where a parameter, 404 where the path names the object."""
    return invalid(
        f"No such {kind.replace('_', ' ')}: '{object_id}'",
        "resource_missing",
        param,
        status,
    )


def api_error() -> Refused:
    """The 500 that a fault asks for."""
    return Refused(500, "api_error", "An unknown error occurred.")
