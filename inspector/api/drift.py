"""`GET drift/`: the numbers, as `manage.py drift --json` says them; `GET drift/history/`: their course."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from rest_framework.request import Request

from inspector.api.parameters import one_of
from inspector.api.reads import ReadView
from inspector.api.shapes import DriftHistory, DriftNumbers
from recon.queries.course import Window, counted_since, history
from recon.queries.drift import drift_numbers
from recon.queries.points import read_count


class DriftNow(ReadView):
    """How many accounts drift: the three headlines, every class and detail, findings and verdicts."""

    shape = DriftNumbers

    def read(self, request: Request, asked: Mapping[str, Any], **where: str) -> Mapping[str, Any]:
        return drift_numbers().as_json()


class DriftCourse(ReadView):
    """The course of the drift over a window: how many accounts counted, what began and what healed."""

    shape = DriftHistory
    parameters = (one_of("over", list(Window), "How far back; a day when it is left out."),)

    def read(self, request: Request, asked: Mapping[str, Any], **where: str) -> Mapping[str, Any]:
        count = read_count()
        window = Window(asked.get("over", Window.DAY))
        return history(window, count, since=counted_since(count), now=timezone.now()).as_json()
