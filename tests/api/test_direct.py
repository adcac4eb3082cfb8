"""Endpoints of programs, before all that pages need."""

import sys

import pytest
from django.http import HttpResponse
from django.urls import resolve, reverse

from inspector.api.direct import OFTEN, endpoints, pattern_of, programs_first
from inspector.api.urls import urlpatterns
from tests.api.conftest import event, post

pytestmark = pytest.mark.django_db


def test_an_endpoint_that_cannot_be_loaded_stops_the_server_and_not_the_first_event(monkeypatch):
    monkeypatch.setitem(sys.modules, "inspector.api.urls", None)
    with pytest.raises(ImportError):
        programs_first(lambda request: HttpResponse())


def test_a_browser_that_opens_an_answer_loads_and_runs_nothing():
    assert post(event()).headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize("name", sorted(OFTEN))
def test_what_is_found_without_a_search_is_what_a_search_finds(name):
    [address] = [one for one in urlpatterns if one.name == name]
    path = reverse(name, kwargs=dict.fromkeys(address.pattern.converters, "acc_1"))
    (_, often), found = endpoints(), resolve(path)
    pattern, given = pattern_of(path)
    assert (often[pattern], given) == (found.func, found.kwargs)
