"""A third party's OpenID provider as a process of its own; what it says of people is told by the tests."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests

CLIENT_ID = "recon"
TIMEOUT_S = 10


class Provider:
    """`issuer` is its address."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def tell(self, sub: str, **claims: object) -> None:
        """From now on this is what it says of that person."""
        requests.put(f"{self.issuer}/users/{sub}", json=claims, timeout=TIMEOUT_S).raise_for_status()

    def log_in(self, address: str, sub: str, *, action: str = "authorize") -> str:
        """Where the provider sends the browser that came to `address`, as a path of ours."""
        form = {"sub": sub, "action": action}
        answer = requests.post(address, data=form, allow_redirects=False, timeout=TIMEOUT_S)
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"


@contextmanager
def running_provider() -> Iterator[Provider]:
    argv = [sys.executable, "-m", "oidc_provider_mock", "--port", "0", "--require-nonce", "true"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield Provider(next(filter(None, map(_address, process.stderr))))
        finally:
            process.terminate()


def _address(line: str) -> str:
    found = re.search(r"running on (http://\S+)", line)
    return found[1] if found else ""
