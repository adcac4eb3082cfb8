"""Endpoints of programs, before all that pages need."""

import sys

import pytest
from django.http import HttpResponse

from inspector.api.direct import programs_first
from tests.api.conftest import event, post

pytestmark = pytest.mark.django_db


def test_an_endpoint_that_cannot_be_loaded_stops_the_server_and_not_the_first_event(monkeypatch):
    monkeypatch.setitem(sys.modules, "inspector.api.urls", None)
    with pytest.raises(ImportError):
        programs_first(lambda request: HttpResponse())


def test_a_browser_that_opens_an_answer_loads_and_runs_nothing():
    assert post(event()).headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
