"""reladiff 0.6 (PyPI), which compares a table of one database with its copy in another, on the same server as ours."""

import subprocess
import time
from typing import Final

import psycopg

from tests.bench.apart import environment, new_database
from tests.bench.serving import LOGS

HOME: Final = LOGS / "reladiff"
REQUIREMENTS: Final = ("reladiff[postgresql]==0.6.*",)
DATABASES: Final = ("bench_diff_a", "bench_diff_b")
NAME: Final = "reladiff 0.6"
# As an invoice of the ledger: every thousandth row differs in the copy.
TABLE: Final = """
create table invoices as
select n as id, 'acc_' || lpad((n / 3)::text, 9, '0') as account_id, 'usd' as currency,
    case when %(copy)s and n %% 1000 = 0 then 'void' else 'issued' end as status,
    4900 + n %% 100 as total_minor, timestamptz '2026-01-01Z' + n * interval '1 second' as issued_at
from generate_series(1, %(rows)s) as n
"""
COLUMNS: Final = ("account_id", "currency", "status", "total_minor", "issued_at")


def rows_per_second(rows: int, rounds: int) -> list[float]:
    """Of one table pair, round by round; the first warms up and is not told. LeftOut: its packages cannot be had."""
    command = environment(HOME, REQUIREMENTS).parent / "reladiff"
    urls = [_filled(name, rows, is_copy) for name, is_copy in zip(DATABASES, (False, True), strict=True)]
    named = [part for column in COLUMNS for part in ("-c", column)]
    argv = [str(command), urls[0], "invoices", urls[1], "invoices", "-k", "id", *named, "--json"]
    return [_once(argv, rows) for _ in range(rounds + 1)][1:]


def _filled(name: str, rows: int, is_copy: bool) -> str:
    url = new_database(name)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(psycopg.ClientCursor(conn).mogrify(TABLE, {"rows": rows, "copy": is_copy}).encode())
        conn.execute("alter table invoices add primary key (id)")
        conn.execute("vacuum analyze invoices")
    return url.replace("postgres://", "postgresql://")  # the one scheme that it knows


def _once(argv: list[str], rows: int) -> float:
    began = time.perf_counter()
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - began
    found = sum(line.startswith('["+"') for line in done.stdout.splitlines())
    assert found == rows // 1_000, f"{found} rows differ by its words: {done.stdout[:200]}"
    return rows / seconds
