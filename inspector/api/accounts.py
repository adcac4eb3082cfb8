"""`GET accounts/` and what is below one account: its latest answer, what each store said, and its timeline."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import Http404
from django.utils import timezone
from rest_framework.request import Request

from inspector.api.cursors import USUAL, page_json
from inspector.api.known import known_answer
from inspector.api.parameters import one_of, refuse_parameter, several_of, text, whole
from inspector.api.reads import PagesView, ReadView
from inspector.api.shapes import AccountLine, Answer, Stores, TimelineEntry
from inspector.look_log import log_look
from recon.engine.drift import DriftClass
from recon.engine.enums import DebtState
from recon.engine.values import rfc3339
from recon.queries.account import AccountView, StoreView, account_view
from recon.queries.accounts import AccountLine as Line
from recon.queries.accounts import AccountsFilter, accounts_page
from recon.queries.find import find
from recon.queries.happenings import Entry, Kind
from recon.queries.timeline import Cursor, cursor_of, timeline

MOST_MINOR: Final = 10**15


class Accounts(PagesView):
    """Every account by its id, or those that all of the filters leave."""

    shape = AccountLine
    parameters = (
        text("q", "Ids, emails and names, several by commas, as the search page takes them.", example="cus_1"),
        one_of("class", list(DriftClass), "Accounts with drift of this class."),
        one_of("state", list(DebtState), "Accounts whose true state is this."),
        whole("min_owed", 1, MOST_MINOR, "Accounts that owe at least so much of `currency`, in minor units."),
        text("currency", "Accounts that owe anything of it.", like="[a-z]{3}", example="eur", longest=3),
    )

    def read(self, request: Request, asked: Mapping[str, Any], **where: str) -> Mapping[str, Any]:
        wanted = _wanted(asked)
        page = accounts_page(wanted, after=asked.get("cursor", ""), limit=asked.get("page_size", USUAL))
        if wanted.among is not None:
            log_look(request, [line.account_id for line in page.lines], by="api_search")
        return page_json(request, [_line_json(line) for line in page.lines], page.next)


class Account(ReadView):
    """The latest answer about one account: the truth, why, what differs, and the plan."""

    shape = Answer

    def read(self, request: Request, asked: Mapping[str, Any], **where: str) -> Mapping[str, Any]:
        answer = known_answer(where["account_id"])
        log_look(request, answer["account_id"], by="api_account")
        return answer


class AccountStores(ReadView):
    """What each of the six stores last said of one account."""

    shape = Stores

    def read(self, request: Request, asked: Mapping[str, Any], **where: str) -> Mapping[str, Any]:
        view = _known_view(where["account_id"])
        log_look(request, view.account_id, by="api_stores")
        return {
            "account_id": view.account_id,
            "evaluated_at": rfc3339(view.evaluated_at),
            "stores": {name: _store_json(store) for name, store in view.stores.items()},
        }


class AccountTimeline(PagesView):
    """What happened to one account, the newest first, merged over all stores, events and repairs."""

    shape = TimelineEntry
    parameters = (several_of("kinds", list(Kind), "Only lines about these, by commas."),)

    def read(self, request: Request, asked: Mapping[str, Any], **where: str) -> Mapping[str, Any]:
        after = _timeline_cursor(asked.get("cursor"))
        view = _known_view(where["account_id"])
        log_look(request, view.account_id, by="api_timeline")
        page = timeline(
            view.account_id,
            {name: store.tables for name, store in view.stores.items()},
            now=timezone.now(),
            kinds=asked.get("kinds", tuple(Kind)),
            after=after,
            limit=asked.get("page_size", USUAL),
        )
        results = [_entry_json(entry) for entry in page.entries]
        return page_json(request, results, None if page.after is None else str(page.after))


def _wanted(asked: Mapping[str, Any]) -> AccountsFilter:
    if "min_owed" in asked and "currency" not in asked:
        raise refuse_parameter("currency", "needed with min_owed: amounts of two currencies are never compared")
    return AccountsFilter(
        of_class=asked.get("class", ""),
        state=asked.get("state", ""),
        currency=asked.get("currency", ""),
        least_minor=asked.get("min_owed", 1),
        among=tuple(hit.account_id for hit in find(asked["q"]).hits) if "q" in asked else None,
    )


def _known_view(account_id: str) -> AccountView:
    """Raises Http404 for what was never evaluated; PostgreSQL's text holds no null byte."""
    view = account_view(account_id) if "\x00" not in account_id else None
    if view is None:
        raise Http404
    return view


def _timeline_cursor(text: str | None) -> Cursor | None:
    after = cursor_of(text) if text else None
    if text and after is None:
        raise refuse_parameter("cursor", "not a cursor of a timeline: take it from `next` of the page before")
    return after


def _line_json(line: Line) -> dict[str, Any]:
    return {
        "account_id": line.account_id,
        "verdict": "known" if line.is_known else "unknown",
        "state": line.state,
        "classes": list(line.classes),
        "details": list(line.details),
        "findings": list(line.findings),
        "drifted_cells": line.drifted_cells,
        "writes": line.writes,
        "risk": line.risk,
        "owed": {currency: minor for currency, minor in line.owed.items() if minor},
        "oldest_due_at": line.oldest_due_at and rfc3339(line.oldest_due_at),
        "drift_since": line.drift_since and rfc3339(line.drift_since),
        "evaluated_at": rfc3339(line.evaluated_at),
        "next_evaluation_at": line.next_evaluation_at and rfc3339(line.next_evaluation_at),
    }


def _store_json(store: StoreView) -> dict[str, Any]:
    return {
        "ok": store.ok,
        "reason": store.reason,
        "since": store.since and rfc3339(store.since),
        "as_of": store.as_of and rfc3339(store.as_of),
        "tables": store.tables,
    }


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "at": rfc3339(entry.at),
        "kind": str(entry.kind),
        "source": str(entry.source),
        "what": entry.what,
        "subject": entry.subject,
        "actor": entry.actor or "",
        "happened_at": entry.happened_at and rfc3339(entry.happened_at),
        "seen_at": entry.seen_at and rfc3339(entry.seen_at),
        "told": entry.told,
    }
