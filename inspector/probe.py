"""`python -m inspector.probe http://127.0.0.1:8000/readyz`: asks beside the web server as a proxy in front of it would,
over TLS and by a name that is let in. It ends with 0 for 200, and otherwise says what was answered."""

import os
import sys
import urllib.error
import urllib.request

PATIENCE_SECONDS = 5


def answer(address: str, host: str) -> str | None:
    """None: it answered 200."""
    request = urllib.request.Request(address, headers={"Host": host, "X-Forwarded-Proto": "https"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS):
            return None
    except urllib.error.HTTPError as refused:
        return f"{refused.status}: {refused.read().decode(errors='replace')}"
    except OSError as error:
        return str(error)


if __name__ == "__main__":
    sys.exit(answer(sys.argv[1], os.environ["ALLOWED_HOSTS"].split(",")[0].removeprefix(".")))
