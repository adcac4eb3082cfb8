"""A queue in words: which there are, its filters as choices, its totals, its lines, and the way to the next page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse

from inspector.display.causes import ClusterWords, cause_words, cluster_words
from inspector.display.drift import AccountLine, account_line, list_href
from inspector.display.queue_filter import Asked, Filter, filters, is_opened, key_words
from inspector.display.queue_totals import TotalsView, totals_view
from inspector.display.words import DETAILS, FINDINGS, number_words
from recon.queries.clusters import ClusterLine
from recon.queries.queue import LOOKED_AT, QueuePage
from recon.queries.queue_totals import Totals
from recon.queries.work import Named

_QUEUES: Final[tuple[tuple[str, str, Mapping[str, str]], ...]] = (
    ("drifted", "All drifted", {}),
    ("detail:paid_but_blocked", DETAILS["paid_but_blocked"].text, {"detail": "paid_but_blocked"}),
    ("any:bad_debt", "Bad debt", {"state": "bad_debt", "drift": "any"}),
    ("class:bad_debt_drift", "Bad-debt drift", {"class": "bad_debt_drift"}),
    ("class:inconsistent_debt_flags", "Debt flags", {"class": "inconsistent_debt_flags"}),
    ("class:no_successful_payment_drift", "No-payment flag", {"class": "no_successful_payment_drift"}),
    ("class:entitlement_drift", "Entitlements", {"class": "entitlement_drift"}),
    ("finding:fact_conflict", "Fact conflicts", {"finding": "fact_conflict"}),
    ("finding:identity", "Identity", {"finding": "identity"}),
    ("finding:duplicate_subscription", FINDINGS["duplicate_subscription"].text, {"finding": "duplicate_subscription"}),
    ("unknown", "Unknown", {"verdict": "unknown"}),
)


@dataclass(frozen=True, slots=True)
class QueueLink:
    """One queue: its name, how many it had when they were counted (empty: never), and whether it is the one shown."""

    text: str
    href: str
    number: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class SavedLink:
    """One saved filter, and where to forget it."""

    text: str
    href: str
    forget_href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class AccountsView:
    """A page of a queue. `cluster` is what its accounts have in common, where one was asked for. `next_href` is empty
    on the last page, `first_href` on the first. `cut` says why a page ended before it was full."""

    queues: tuple[QueueLink, ...]
    saved: tuple[SavedLink, ...]
    filters: tuple[Filter, ...]
    more_filters: tuple[Filter, ...]
    is_opened: bool
    problems: tuple[str, ...]
    cluster: ClusterWords | None
    lines: tuple[AccountLine, ...]
    totals: TotalsView
    query: str
    is_filtered: bool
    csv_href: str
    next_href: str
    first_href: str
    cut: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a page is made of beside its lines."""

    kept: Mapping[str, Totals]
    totals: Totals
    alike: ClusterLine | None
    saved: Sequence[Named]


def accounts_view(asked: Asked, page: QueuePage, known: Known, *, is_first: bool, now: datetime) -> AccountsView:
    in_url = dict(asked.in_url)
    currencies = sorted({one for totals in known.kept.values() for one in totals.owed} | set(known.totals.owed))
    first, more = filters(asked, _cluster_text(known.alike), currencies)
    return AccountsView(
        queues=tuple(_queue_link(name, text, asks, known.kept, in_url) for name, text, asks in _QUEUES),
        saved=tuple(_saved_link(one, asked.query) for one in known.saved),
        filters=first,
        more_filters=more,
        is_opened=is_opened(asked),
        problems=asked.problems,
        cluster=cluster_words(known.alike, now) if known.alike else None,
        lines=tuple(account_line(line, now, me=asked.wanted.person) for line in page.lines),
        totals=totals_view(known.totals, in_url, now),
        query=asked.query,
        is_filtered=bool(in_url),
        csv_href=_href("accounts_csv", asked.query),
        next_href=list_href(**in_url, after=key_words(page.next)) if page.next else "",
        first_href="" if is_first else list_href(**in_url),
        cut=_cut_words(page),
    )


def _cut_words(page: QueuePage) -> str:
    if not page.is_cut:
        return ""
    found = f"these {len(page.lines)}" if page.lines else "none"
    return f"Of {number_words(LOOKED_AT)} accounts looked at, {found} matched. The next page looks further."


def _queue_link(
    name: str, text: str, asks: Mapping[str, str], kept: Mapping[str, Totals], in_url: Mapping[str, str]
) -> QueueLink:
    counted = kept.get(name, Totals(0)).accounts or 0
    return QueueLink(text, list_href(**asks), number_words(counted) if kept else "", dict(asks) == in_url)


def _saved_link(one: Named, query: str) -> SavedLink:
    href = _href("accounts", one.query)
    return SavedLink(one.name, href, reverse("forget_filter", args=[one.id]), one.query == query)


def _cluster_text(alike: ClusterLine | None) -> str:
    return cause_words(alike.cause) if alike else "a group that is no more"


def _href(name: str, query: str) -> str:
    return f"{reverse(name)}?{query}" if query else reverse(name)
