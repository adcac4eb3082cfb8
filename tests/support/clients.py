"""Clients for tests that need many: they share one handler, for each would load all middleware anew."""

from functools import cache
from typing import Any

from django.test import Client
from django.test.client import ClientHandler


@cache
def _handler() -> ClientHandler:
    return ClientHandler(enforce_csrf_checks=False)


def one_of_many(**options: Any) -> Client:
    """A client with cookies and headers of its own; it goes by the settings that held when the first was made."""
    client = Client(**options)
    client.handler = _handler()
    return client
