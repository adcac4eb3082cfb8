"""One row in each of five databases: two-phase as the coordinator does it, against five plain commits."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import psycopg
from django.conf import settings

from recon import bootstrap
from recon.actions.apply_equipment import databases
from recon.engine.facts import StoreName
from recon.models import AccountState
from recon.stores.base import RowWrite, WritableStore
from tests.bench.figure import Figure, rate_each

ROWS = {
    StoreName.SUBS_DUNNING: ("dunning", "has_debt"),
    StoreName.CF_PROD: ("entitlements", "restricted"),
    StoreName.BILLING_PROD: ("account_flags", "has_debt"),
    StoreName.SUBS_ACCOUNT: ("accounts", "plan_code"),
    StoreName.SUBS_CUSTOMER: ("customers", "has_payment_method"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A row in each database, of which nothing has to be written otherwise, and the versions that they have."""

    rows: Mapping[StoreName, str]
    versions: dict[StoreName, int]

    @classmethod
    def of(cls, number: int) -> "Place":
        """Rows that no place of another number has."""
        rows = _rows(number)
        return cls(rows, {store: _version(store, ROWS[store][0], rows[store]) for store in ROWS})


def figures(commits: int) -> Iterator[Figure]:
    place = Place.of(0)
    plain = {store: psycopg.connect(settings.STORES[store]) for store in ROWS}
    numbers = range(commits)
    one_by_one = rate_each(lambda _: _commit_plainly(plain, place.rows), numbers)
    two_phase = bare_rate(0, commits)
    yield Figure("commit in two phases over five databases", "commits", two_phase, "five plain commits", one_by_one)
    for conn in plain.values():
        conn.close()


def bare_rate(process: int, commits: int, begin: Callable[[], object] = int) -> float:
    """Two-phase commits a second, of rows that no other `process` of this number touches; `begin` is called before the
    first."""
    stores, place = databases(bootstrap.stores()), Place.of(process)
    begin()
    each = range(process * commits, (process + 1) * commits)
    return rate_each(lambda number: commit_in_two_phases(stores, [place], number), each)


def commit_in_two_phases(stores: Mapping[StoreName, WritableStore], places: Sequence[Place], number: int) -> int:
    """One commit at each place, all in flight at once; how many. `number` is no other's."""
    gids = {(store, at): f"bench.{number}.{at}.{store}" for at in range(len(places)) for store in ROWS}
    branches = {key: stores[key[0]].branch() for key in gids}
    for (store, at), branch in branches.items():
        place = places[at]
        branch.send_writes(gids[store, at], [_write(store, place.rows[store], place.versions[store])])
    for branch in branches.values():
        branch.await_writes()
    for branch in branches.values():
        branch.send_prepare()
    for branch in branches.values():
        branch.await_prepare()
    for finish in [stores[store].send_commit(gid, []) for (store, _), gid in gids.items()]:
        finish.outcome()
    for place in places:
        for store in ROWS:
            place.versions[store] += 1
    return len(places)


def _commit_plainly(plain: Mapping[StoreName, psycopg.Connection], rows: Mapping[StoreName, str]) -> None:
    for store, (table, _) in ROWS.items():
        query = f"UPDATE {table} SET row_version = row_version + 1, updated_at = now() WHERE account_id = %s"
        plain[store].execute(query.encode(), [rows[store]])
        plain[store].commit()


def _write(store: StoreName, account_id: str, version: int) -> RowWrite:
    table, column = ROWS[store]
    return RowWrite(
        table=table,
        key=(("account_id", account_id),),
        before=(),
        after=((column, _value(column)),),
        row_version=version,
    )


def _value(column: str) -> str | bool:
    return "free" if column == "plan_code" else False


def _rows(process: int) -> dict[StoreName, str]:
    """Of accounts that nothing has to be written of, so that no plan moves by it."""
    at_rest = list(AccountState.objects.filter(writes=0).values_list("account_id", flat=True))
    return {store: _account(store, table, at_rest, process) for store, (table, _) in ROWS.items()}


def _account(store: StoreName, table: str, among: Sequence[str], number: int) -> str:
    with psycopg.connect(settings.STORES[store]) as conn:
        query = f"SELECT account_id FROM {table} WHERE account_id = ANY(%s) ORDER BY account_id OFFSET %s LIMIT 1"
        row = conn.execute(query.encode(), [list(among), number]).fetchone()
    return cast(str, row[0]) if row else ""


def _version(store: StoreName, table: str, account_id: str) -> int:
    with psycopg.connect(settings.STORES[store]) as conn:
        row = conn.execute(f"SELECT row_version FROM {table} WHERE account_id = %s".encode(), [account_id]).fetchone()
    return int(row[0]) if row else 0
