"""Keep what accounts are found by, up to what each store said last.

Runs inside the caller's transaction, after `keep_snapshots`. An account is looked at when a store said something new of
it, or when it has no handles yet: so a sweep fills what is missing, and one over unchanged accounts writes nothing. A
store whose read failed, or was overtaken, counts with what it said last.
"""

from collections.abc import Mapping, Sequence

from django.db import connection

from recon.actions.keep_snapshots import Kept
from recon.engine.facts import Reading, StoreName
from recon.models import SNAPSHOTS, AccountHandles
from recon.queries.handles import SAYS_HANDLES, Handles, Tables, handles_of

COLUMNS = [field.name for field in AccountHandles._meta.concrete_fields]


def keep_handles(readings: Mapping[str, Sequence[Reading]], kept: Kept) -> int:
    """Account → its readings just now, and which of them are what the store said last. The number of rows written."""
    known = set(AccountHandles.objects.filter(account_id__in=readings).values_list("account_id", flat=True))
    renewed = {account_id for store, account_id in kept.new if store in SAYS_HANDLES}
    due = [account_id for account_id in readings if account_id not in known or account_id in renewed]
    if not due:
        return 0
    said = _said({account_id: readings[account_id] for account_id in due}, kept)
    stored = {row.account_id: row for row in AccountHandles.objects.filter(account_id__in=known.intersection(due))}
    handles = [handles_of(account_id, tables) for account_id, tables in said.items()]
    _add([one for one in handles if one.account_id not in stored])
    changed = [one for one in handles if one.account_id in stored and _differs(one, stored[one.account_id])]
    _replace(changed)
    return len(handles) - len(stored) + len(changed)


def _said(readings: Mapping[str, Sequence[Reading]], kept: Kept) -> dict[str, dict[StoreName, Tables]]:
    """Account → what each store said of it last: just now, or at the latest of the times before."""
    said: dict[str, dict[StoreName, Tables]] = {
        account_id: {one.store: one.tables for one in of_account if (one.store, account_id) in kept.last}
        for account_id, of_account in readings.items()
    }
    for store in SAYS_HANDLES:
        silent = [account_id for account_id, tables in said.items() if store not in tables]
        for account_id, tables in _latest(store, silent).items():
            said[account_id][store] = tables
    return said


def _latest(store: StoreName, account_ids: list[str]) -> dict[str, Tables]:
    model = SNAPSHOTS[store]
    if not account_ids:
        return {}
    rows = model._default_manager.filter(account_id__in=account_ids)
    rows = rows.order_by("account_id", "-read_at", "-id").distinct("account_id")
    return {row.account_id: {name: getattr(row, name) for name in row.tables()} for row in rows}


def _differs(handles: Handles, row: AccountHandles) -> bool:
    return any(getattr(handles, name) != getattr(row, name) for name in COLUMNS)


def _add(handles: list[Handles]) -> None:
    """By COPY: the accounts' locks, which the caller holds, keep everybody else from adding the same rows."""
    if not handles:
        return
    with connection.cursor() as cursor, cursor.copy(f"copy account_handles ({', '.join(COLUMNS)}) from stdin") as copy:
        for one in handles:
            copy.write_row([getattr(one, name) for name in COLUMNS])


def _replace(handles: list[Handles]) -> None:
    AccountHandles.objects.bulk_create(
        [AccountHandles(**{name: getattr(one, name) for name in COLUMNS}) for one in handles],
        update_conflicts=True,
        unique_fields=["account_id"],
        update_fields=[name for name in COLUMNS if name != "account_id"],
    )
