"""The account's page, of an account with 200 invoices, against a bare page that asks the database the same and shows as
many cells out of a template: what is left is what the page itself costs."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client
from django.test.utils import override_settings
from django.urls import include, path

from tests.bench.figure import Figure, rate
from tests.support.kept import golden, keep_case
from tests.support.many_invoices import with_invoices

PAGES = 20
INVOICES = 200
OF_THE_FRAME = ("django_session", "auth_user", "auth_group")
BARE = """{% extends "base.html" %}{% block main %}<table>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}
</table>{% endblock %}"""
CELL = re.compile(r"<(?:td|th|li|dd)\b")


@dataclass(slots=True)
class Asked:
    """What the page asked the database, and how many cells it showed; the bare page does the same."""

    queries: list[tuple[str, Any]]
    cells: int


_asked = Asked([], 0)


def bare(request: HttpRequest) -> HttpResponse:
    """The least that a page of these rows can be, in the same frame."""
    assert request.user.is_authenticated
    assert list(request.user.groups.all())
    values: list[object] = []
    for sql, params in _asked.queries:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            for row in cursor.fetchall() if cursor.description else ():
                values += map(_parsed, row)
    short = [value for value in values if not isinstance(value, dict | list)]
    cells = (short * (_asked.cells // len(short) + 1))[: _asked.cells]
    rows = [cells[start : start + 8] for start in range(0, len(cells), 8)]
    return HttpResponse(_template().render({"rows": rows}, request))


@cache
def _template() -> Any:
    return engines["django"].from_string(BARE)


def _parsed(value: object) -> object:
    return json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


urlpatterns = [path("bare", bare), path("", include(settings.ROOT_URLCONF))]


def figures() -> Iterator[Figure]:
    client = Client(SERVER_NAME="localhost")
    person = User.objects.create_user("bench")
    person.groups.add(Group.objects.get_or_create(name="finance")[0])
    client.force_login(person)
    account = keep_case(with_invoices(golden("payments/paid_after_suspension"), INVOICES), account_id="acc_bench")
    with override_settings(ROOT_URLCONF=__name__):
        _watch(client, f"/accounts/{account}/")
        page = rate(lambda: _get(client, f"/accounts/{account}/"), PAGES)
        least = rate(lambda: _get(client, "/bare"), PAGES)
    yield Figure("account page, 200 invoices", "pages", page, "a bare page of the same rows", least)


def _get(client: Client, address: str) -> None:
    for _ in range(PAGES):
        assert client.get(address).status_code == 200


def _watch(client: Client, address: str) -> None:
    """Fills `_asked` from one request; the writes that a look leaves are the page's own, and so are repeated too."""
    client.get(address)

    def keep(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if not any(table in sql for table in OF_THE_FRAME):
            _asked.queries.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        html = client.get(address).content.decode()
    _asked.cells = len(CELL.findall(html.partition("<main")[2]))
