"""A plan's writes, done to the JSON of a case: what apply does to the stores, without stores."""

from typing import Any

from recon.engine.enums import StoreName
from recon.engine.plan import Write, plain
from tests.properties.worlds import Case, copied


def applied(case: Case, writes: tuple[Write, ...]) -> Case:
    """The case after the writes; row versions move on by one for each row that was written."""
    after = copied(case)
    for write in writes:
        table = after["stores"][write.store][write.table]
        if write.store is StoreName.STRIPE:
            _write_metadata(table, write)
        elif write.table == "blocks":
            _write_block(table, write)
        else:
            _row(table, write)[write.column] = plain(write.truth)
    for key in {(write.store, write.table, write.key) for write in writes if write.store is not StoreName.STRIPE}:
        for row in after["stores"][key[0]][key[1]]:
            if _is_row(row, key[2]):
                row["row_version"] = row.get("row_version", 0) + 1
    return after


def _write_metadata(customers: list[dict[str, Any]], write: Write) -> None:
    customer = next(one for one in customers if one["id"] == write.key[0][1])
    customer["metadata"][write.column.removeprefix("metadata.")] = write.truth


def _write_block(blocks: list[dict[str, Any]], write: Write) -> None:
    old = next((row for row in blocks if _is_row(row, write.key)), {})
    kept = [row for row in blocks if row is not old]
    new = [] if write.truth is None else [{**old, **dict(write.key), "level": write.truth, "set_by": "recon"}]
    blocks[:] = kept + new


def _row(table: list[dict[str, Any]], write: Write) -> dict[str, Any]:
    for row in table:
        if _is_row(row, write.key):
            return row
    table.append(dict(write.key))
    return table[-1]


def _is_row(row: dict[str, Any], key: tuple[tuple[str, str], ...]) -> bool:
    return all(row[column] == value for column, value in key)
