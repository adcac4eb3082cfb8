"""Who is meant by what a person typed or pasted: ids, emails and names, several at once.

Exact handles of all terms in one look-up; what Stripe's mirror alone knows; then emails and names that are alike. The
handles are as of each account's last evaluation, so what is named here may have moved since.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.db import connection

from recon.queries.find_names import Likeness, find_alike
from recon.queries.handles import fold
from recon.queries.terms import OF_STRIPE, may_be_account, terms_of

MOST_OF_ONE = 50
MOST_BY_NAME = 20
# For each spelling an index look-up; `&&` over all of them would read the whole table.
EXACT = """
select asked.id, found.account_id
from unnest(%(ids)s::text[]) as asked (id)
cross join lateral (
    (select account_id from account_state where account_id = asked.id)
    union
    (select account_id from account_handles where ids @> array[asked.id] limit %(most)s)
) as found
"""
MIRRORED = """
select one.id, one.kind, one.customer, coalesce(one.account_id, owner.account_id)
from stripe_object one left join stripe_object owner on owner.id = one.customer
where one.id = any(%(ids)s)
"""
CLAIMED = "select account_id, min(id) from stripe_object where account_id = any(%(ids)s) group by account_id"
ACCOUNTS = """
select state.account_id, is_known, state, classes, details, drifted_cells, names, words, first_email, first_name
from account_state state left join account_handles using (account_id)
where state.account_id = any(%(ids)s)
"""


class Exact(StrEnum):
    """Which handle of the account the term is."""

    ACCOUNT = "account"
    EMAIL = "email"
    STRIPE_CUSTOMER = "cus_"
    SUBSCRIPTION = "sub_"
    STRIPE_INVOICE = "in_"
    PAYMENT_INTENT = "pi_"
    CHARGE = "ch_"
    OLD_CHARGE = "py_"
    DISPUTE = "dp_"
    OLD_DISPUTE = "du_"
    LEDGER_INVOICE = "inv_"
    LEDGER_PAYMENT = "pay_"
    OTHER = "other"
    ITS_CUSTOMER = "its_customer"


@dataclass(frozen=True, slots=True)
class Match:
    """One term and how it leads to an account."""

    term: str
    by: Exact | Likeness


@dataclass(frozen=True, slots=True)
class Hit:
    """An account, the person as the stores write them, its latest outcome, and every term that led to it."""

    account_id: str
    matches: tuple[Match, ...]
    name: str
    email: str
    is_known: bool
    state: str | None
    classes: tuple[str, ...]
    details: tuple[str, ...]
    drifted_cells: int


@dataclass(frozen=True, slots=True)
class StripeOnly:
    """What Stripe's mirror knows of a term that no account has: the object's list, its customer, and the account that
    the customer's metadata names."""

    kind: str
    customer: str | None
    claimed: str | None


@dataclass(frozen=True, slots=True)
class Missed:
    """A term that led to no account. `unread`: an account id for which the stores can be asked, empty for none."""

    term: str
    stripe: StripeOnly | None = None
    unread: str = ""
    by_name: bool = True
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The answer: accounts in the order of the terms; `crowded` are terms that lead to more accounts than are shown."""

    terms: tuple[str, ...]
    hits: tuple[Hit, ...]
    missed: tuple[Missed, ...]
    too_long: tuple[str, ...]
    crowded: tuple[str, ...]
    left_out: int

    @property
    def only(self) -> str | None:
        """The account that every term means without a doubt; one that only resembles the term is a doubt."""
        if len(self.hits) != 1 or self.missed or self.too_long or self.left_out:
            return None
        sure = all(match.by is not Likeness.ONE_SLIP for match in self.hits[0].matches)
        return self.hits[0].account_id if sure else None


@dataclass(slots=True)
class _Search:
    """What is known so far while the terms are looked up."""

    matches: dict[str, list[Match]]
    crowded: list[str]
    missed: dict[str, Missed]


def find(text: str) -> Found:
    """Everything that the terms of the text lead to; never raises for what a person typed."""
    terms = terms_of(text)
    search = _Search({}, [], {})
    left = _match_exactly(search, terms.wanted)
    left = _match_in_mirror(search, left)
    _match_alike(search, left)
    return Found(
        terms=terms.wanted,
        hits=_hits(search.matches),
        missed=tuple(search.missed[term] for term in terms.wanted if term in search.missed),
        too_long=terms.too_long,
        crowded=tuple(search.crowded),
        left_out=terms.left_out,
    )


def _match_exactly(search: _Search, terms: Sequence[str]) -> list[str]:
    """The terms that are no handle of any account."""
    spellings = {term: list(dict.fromkeys((term, fold(term), term.upper()))) for term in terms}
    found = _exact({spelling for several in spellings.values() for spelling in several})
    for term, several in spellings.items():
        spelling = next((one for one in several if one in found), None)
        if spelling is not None:
            _add(search, term, found[spelling], _kind(spelling, found[spelling]))
    return [term for term, several in spellings.items() if not any(one in found for one in several)]


def _exact(ids: Iterable[str]) -> dict[str, list[str]]:
    """Id → its accounts; the account of that very id alone, where there is one."""
    found: dict[str, list[str]] = {}
    for id, account_id in _rows(EXACT, ids=sorted(ids), most=MOST_OF_ONE + 1):
        found.setdefault(id, []).append(account_id)
    return {id: [id] if id in accounts else sorted(accounts) for id, accounts in found.items()}


def _kind(id: str, accounts: Sequence[str]) -> Exact:
    if id in accounts:
        return Exact.ACCOUNT
    if "@" in id:
        return Exact.EMAIL
    prefix = f"{id.split('_', 1)[0]}_"
    return next((kind for kind in Exact if kind.value == prefix), Exact.OTHER)


def _match_in_mirror(search: _Search, terms: Sequence[str]) -> list[str]:
    """By the customer of an object that is newer than its account's evaluation; the terms that are left after it.

    What nobody is linked to is missed, and says whose it may be.
    """
    ids = [term for term in terms if term.startswith(OF_STRIPE)]
    known = {id: StripeOnly(kind, customer, claimed) for id, kind, customer, claimed in _rows(MIRRORED, ids=ids)}
    owners = _exact({one.customer for one in known.values() if one.customer})
    for term, one in known.items():
        if one.customer in owners:
            _add(search, term, owners[one.customer], Exact.ITS_CUSTOMER)
        else:
            search.missed[term] = Missed(term, stripe=one, unread=_unread(one.claimed))
    return [term for term in terms if term not in known]


def _match_alike(search: _Search, terms: Sequence[str]) -> None:
    """By emails and names; the first so many terms only, since each is a look-up of its own."""
    for place, term in enumerate(terms):
        alike = find_alike(term) if place < MOST_BY_NAME else None
        if alike and alike.accounts:
            for account_id, by in alike.accounts.items():
                search.matches.setdefault(account_id, []).append(Match(term, by))
            search.crowded += [term] if alike.has_more else []
        else:
            gave_up = alike is not None and alike.gave_up
            search.missed[term] = Missed(term, unread=_unread(term), by_name=alike is not None, gave_up=gave_up)
    _say_who_is_claimed(search)


def _say_who_is_claimed(search: _Search) -> None:
    """An account that only a Stripe customer's metadata names, and that was not evaluated yet."""
    for account_id, customer in _rows(CLAIMED, ids=list(search.missed)):
        claim = StripeOnly("customers", customer, account_id)
        search.missed[account_id] = replace(search.missed[account_id], stripe=claim)


def _unread(account_id: str | None) -> str:
    return account_id if account_id and may_be_account(account_id) else ""


def _add(search: _Search, term: str, accounts: Sequence[str], by: Exact) -> None:
    for account_id in accounts[:MOST_OF_ONE]:
        search.matches.setdefault(account_id, []).append(Match(term, by))
    search.crowded += [term] if len(accounts) > MOST_OF_ONE else []


def _hits(matches: Mapping[str, Sequence[Match]]) -> tuple[Hit, ...]:
    rows = {row[0]: row for row in _rows(ACCOUNTS, ids=list(matches))}
    return tuple(_hit(rows[account_id], of_account) for account_id, of_account in matches.items() if account_id in rows)


def _hit(row: Sequence[Any], matches: Sequence[Match]) -> Hit:
    account_id, is_known, state, classes, details, drifted_cells, names, words, email, name = row
    written = dict(zip(words or (), names or (), strict=False))
    return Hit(
        account_id=account_id,
        matches=tuple(matches),
        name=written.get(name, ""),
        email=written.get(email, ""),
        is_known=is_known,
        state=state,
        classes=tuple(classes),
        details=tuple(details),
        drifted_cells=drifted_cells,
    )


def _rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of a look-up by ids; none are asked for without any."""
    if not values["ids"]:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
