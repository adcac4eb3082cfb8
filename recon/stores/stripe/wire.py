"""HTTP to Stripe on kept-alive connections, for the SDK: a third of what its own client takes of a processor.

Nothing is sent twice and nowhere is anybody redirected to: what to try again is decided above, where keys are known.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import stripe
import urllib3


class Wire(stripe.HTTPClient):
    """Safe between threads, not across a fork. Raises stripe.APIConnectionError where no whole answer came."""

    name = "urllib3"

    def __init__(self, base: str, *, connect: float, answer: float, connections: int) -> None:
        """`connect` and `answer` are the most seconds of each; so many `connections` are kept."""
        super().__init__()
        timeout = urllib3.Timeout(connect=connect, read=answer)
        self._pool = _pool(base, timeout=timeout, maxsize=connections, retries=False, ca_certs=stripe.ca_bundle_path)

    def request(  # type: ignore[override]  # answers bytes, as the SDK's own clients do
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        sent = {**(headers or {}), "Accept-Encoding": "gzip"}
        try:
            answer = self._pool.request(method, url, headers=sent, body=post_data)
        except urllib3.exceptions.HTTPError as error:
            said = f"No answer came ({type(error).__name__})."
            raise stripe.APIConnectionError(said) from error  # type: ignore[no-untyped-call]
        return answer.data, answer.status, answer.headers

    def close(self) -> None:
        self._pool.clear()


def _pool(base: str, **told: Any) -> urllib3.PoolManager:
    """By the proxy that the environment names for this address, if it names one (HTTPS_PROXY, NO_PROXY)."""
    there = urlsplit(base)
    proxy = "" if proxy_bypass(there.hostname or "") else getproxies().get(there.scheme, "")
    if not proxy:
        return urllib3.PoolManager(**told)
    who = urlsplit(proxy)
    login = f"{unquote(who.username)}:{unquote(who.password or '')}" if who.username else None
    return urllib3.ProxyManager(proxy, proxy_headers=urllib3.make_headers(proxy_basic_auth=login), **told)
