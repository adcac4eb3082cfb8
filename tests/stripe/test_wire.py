"""How Stripe is reached: by the environment's proxy where it names one, and nothing is sent twice."""

import pytest
import stripe
import urllib3

from recon.stores.stripe.wire import Wire

PATIENCE = {"connect": 0.5, "answer": 0.5, "connections": 1}


def pool_of(base: str) -> urllib3.PoolManager:
    return Wire(base, **PATIENCE)._pool


def test_the_proxy_of_the_environment_is_used_with_its_login(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://us:s%40y@proxy.example:3128")
    pool = pool_of("https://api.stripe.com")
    assert isinstance(pool, urllib3.ProxyManager)
    assert (pool.proxy.host, pool.proxy_headers) == ("proxy.example", {"proxy-authorization": "Basic dXM6c0B5"})


def test_an_address_that_the_environment_exempts_is_reached_directly(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert not isinstance(pool_of("http://127.0.0.1:9"), urllib3.ProxyManager)


def test_what_fails_is_sent_once(account):
    account.fault("reset_after", "/v1/customers/cus_1", times=1)
    wire = Wire(account.base, **PATIENCE)
    asked = ("get", f"{account.base}/v1/customers/cus_1", {"Authorization": f"Bearer {account.key}"})
    with pytest.raises(stripe.APIConnectionError):
        wire.request(*asked)
    assert wire.request(*asked)[1] == 200
