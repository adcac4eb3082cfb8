"""One of several processes that commit at once: says when it is ready, waits for a line, and prints its rate.

`python -m tests.bench.commits_at_once PROCESS COMMITS`, with the bench's servers in its environment.
"""

import sys

import django


def main(process: int, commits: int) -> None:
    django.setup()
    from tests.bench.commits import bare_rate  # it needs settings that name running servers

    print(bare_rate(process, commits, _wait))


def _wait() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
