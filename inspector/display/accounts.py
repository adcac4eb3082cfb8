"""The list of accounts: its filters as choices, its lines in words, and the link to the next page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inspector.display.causes import ClusterWords, cause_words, cluster_words
from inspector.display.drift import AccountLine, account_line, list_href, number_words
from inspector.display.words import CLASSES, DETAILS, FINDINGS, STATES, Word
from recon.queries.clusters import ClusterLine
from recon.queries.queue import QueueFilter, QueueKey, QueueLine


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: its parameter in the URL, its name, and what can be chosen."""

    parameter: str
    name: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class AccountsView:
    """A page of the list. `cluster` is what its accounts have in common, where one was asked for. `next_href` is empty
    on the last page, `first_href` on the first."""

    filters: tuple[Filter, ...]
    cluster: ClusterWords | None
    lines: tuple[AccountLine, ...]
    total: str
    is_filtered: bool
    next_href: str
    first_href: str


def accounts_view(
    wanted: QueueFilter,
    lines: Sequence[QueueLine],
    total: int,
    alike: ClusterLine | None,
    *,
    page: int,
    is_first: bool,
    now: datetime,
) -> AccountsView:
    """`lines` holds one more than a page where another page follows."""
    shown = lines[:page]
    in_url = _in_url(wanted)
    more = len(lines) > page
    return AccountsView(
        filters=_filters(wanted, alike),
        cluster=cluster_words(alike, now) if alike else None,
        lines=tuple(account_line(line, now) for line in shown),
        total=number_words(total),
        is_filtered=bool(in_url),
        next_href=list_href(**in_url, after=key_words(shown[-1].key)) if more else "",
        first_href="" if is_first else list_href(**in_url),
    )


def key_words(key: QueueKey) -> str:
    """A page's key as it stands in the URL."""
    return f"{key.payer_first}.{key.money_first}.{key.account_id}"


def key_of(text: str) -> QueueKey | None:
    """The key that stands in the URL; what is none is no key, and the list begins at its beginning."""
    parts = text.split(".", 2)
    try:
        return QueueKey(int(parts[0]), int(parts[1]), parts[2])
    except (ValueError, IndexError):
        return None


def _filters(wanted: QueueFilter, alike: ClusterLine | None) -> tuple[Filter, ...]:
    verdicts = {"unknown": Word("unknown", "Unknown")}
    return (
        _filter("class", "Class", CLASSES, wanted.of_class),
        _filter("detail", "Detail", DETAILS, wanted.detail),
        _filter("state", "True state", STATES, wanted.state),
        _filter("finding", "Finding", FINDINGS, wanted.finding),
        _filter("verdict", "Verdict", verdicts, "unknown" if wanted.unknown_only else ""),
        *_cluster_filter(wanted.cluster, alike),
    )


def _cluster_filter(key: str, alike: ClusterLine | None) -> tuple[Filter, ...]:
    """Only where one was asked for: clusters are chosen on the drift's home."""
    if not key:
        return ()
    text = cause_words(alike.cause) if alike else "a group that is no more"
    return (_filter("cluster", "Drifts alike", {key: Word(key, text)}, key),)


def _filter(parameter: str, name: str, words: dict[str, Word], chosen: str) -> Filter:
    choices = tuple(Choice(code, word.text, code == chosen) for code, word in words.items())
    return Filter(parameter, name, (Choice("", "any", not chosen), *choices))


def _in_url(wanted: QueueFilter) -> dict[str, str]:
    given = {
        "class": wanted.of_class,
        "detail": wanted.detail,
        "state": wanted.state,
        "finding": wanted.finding,
        "cluster": wanted.cluster,
        "verdict": "unknown" if wanted.unknown_only else "",
    }
    return {name: value for name, value in given.items() if value}
