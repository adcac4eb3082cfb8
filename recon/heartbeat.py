"""A process's sign of life for whoever runs it: a file that it touches while it does its work.

`python -m recon.heartbeat FILE SECONDS` asks whether it did within so many seconds. It costs next to nothing: where
`celery inspect ping` starts an application and asks all workers through the broker, this looks at one file.
"""

import sys
import time
from pathlib import Path


def touch(file: Path | None) -> None:
    """None: nobody watches."""
    if file is not None:
        file.touch()


def trouble(file: Path, within: float, *, now: float) -> str | None:
    """Why no such sign was seen, in words; None where it was. `now` is in seconds since 1970."""
    try:
        age = now - file.stat().st_mtime
    except FileNotFoundError:
        return f"{file}: not touched yet."
    return f"{file}: touched {age:.0f} s ago, not within {within:g} s." if age > within else None


if __name__ == "__main__":
    sys.exit(trouble(Path(sys.argv[1]), float(sys.argv[2]), now=time.time()))
