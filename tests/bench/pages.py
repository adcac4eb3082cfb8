"""The account's page, of an account with 200 invoices, against a bare page: in the same frame, it reads the same rows
(the account's through the models, a query each; the others by the page's own statements) and shows as many cells."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client
from django.test.utils import override_settings
from django.urls import include, path

from recon.models import SNAPSHOTS, AccountState
from tests.bench.figure import Figure, rates_in_turn
from tests.support.kept import golden, keep_case
from tests.support.many_invoices import with_invoices

ROUNDS = 9
INVOICES = 200
OURS = "acc_bench_"
GOAL = 1 / 1.5  # one and a half times as long
READ_BY_MODELS = ("django_session", "auth_user", "auth_group", "account_state", "(select 'subs_account', read_at")
BARE = """{% extends "base.html" %}{% block main %}<table>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}
</table>{% endblock %}"""
CELL = re.compile(r"<(?:td|th|li|dd)\b")


@dataclass(slots=True)
class Asked:
    """What the page asked the database besides the account's rows, and how many cells it showed."""

    account_id: str
    queries: list[tuple[str, Any]]
    cells: int


_asked = Asked("", [], 0)


def bare(request: HttpRequest) -> HttpResponse:
    """The least that a page of these rows can be, in the same frame."""
    assert request.user.is_authenticated
    assert list(request.user.groups.all())
    state = AccountState.objects.select_related("evaluation").get(account_id=_asked.account_id)
    said = [model.objects.filter(account_id=_asked.account_id).latest("read_at") for model in SNAPSHOTS.values()]
    values: list[object] = [getattr(row, field.name) for row in (state, *said) for field in row._meta.concrete_fields]
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


def figures(pages: int) -> Iterator[Figure]:
    client = Client(SERVER_NAME="localhost")
    person = User.objects.create_user("bench")
    person.groups.add(Group.objects.get_or_create(name="finance")[0])
    client.force_login(person)
    for words, unpaid in (("all paid", 0), ("two overdue", 2)):
        case = with_invoices(golden("payments/paid_after_suspension"), INVOICES, unpaid=unpaid)
        account = keep_case(case, account_id=f"{OURS}{unpaid}")
        with override_settings(ROOT_URLCONF=__name__):
            _watch(client, account)
            addresses = (f"/accounts/{account}/", "/bare")
            works = [partial(_get, client, address, pages) for address in addresses]
            page, least = rates_in_turn(works, pages, ROUNDS)
        name = f"account page, 200 invoices, {words}"
        yield Figure(name, "pages", page, "a bare page of the same rows", least, goal=GOAL)
    AccountState.objects.filter(account_id__startswith=OURS).delete()  # no store has them, so nobody can repair them


def _get(client: Client, address: str, times: int) -> None:
    for _ in range(times):
        assert client.get(address).status_code == 200


def _watch(client: Client, account_id: str) -> None:
    """Fills `_asked` from one request, its writes too: that somebody looked."""
    address = f"/accounts/{account_id}/"
    client.get(address)
    _asked.account_id = account_id
    _asked.queries.clear()

    def keep(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if not any(words in sql for words in READ_BY_MODELS):
            _asked.queries.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        html = client.get(address).content.decode()
    _asked.cells = len(CELL.findall(html.partition("<main")[2]))
