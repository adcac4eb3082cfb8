"""An installation as a company sets it up: processes that know nothing but its environment."""

import os
import subprocess
import sys
from typing import Final

from recon.sandbox.provision import STORES
from tests.support.commands import KEPT, ROOT

ENVIRONMENT: Final = {
    "DATABASE_URL": "postgres://recon:secret@db.example.com/recon?sslmode=verify-full",
    **{f"{store.upper()}_URL": f"postgres://engine:s@db.example.com/{store}?sslmode=verify-full" for store in STORES},
    "SECRET_KEY": "mN4vQ8zB2xK7wR1tY6uP3oL9jH5gF0dSaEcXqWnMvBzZkJyTrI4uO8pL",
    "AUDIT_KEY": "aE5cXqWnMvBzZkJyTrI4uO8pLmN4vQ8zB2xK7wR1t",
    "ALLOWED_HOSTS": "inspector.example.com",
    "STRIPE_API_KEY": "rk_live_restricted",
    "STRIPE_LIVEMODE": "true",
    "STRIPE_WEBHOOK_SECRET": "whsec_of_the_endpoint",
    "REDIS_URL": "rediss://:secret@redis.example.com/0",
}


def in_production(*argv: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    """`python …` to its end; a variable that is changed to "" is not set."""
    env = {name: os.environ[name] for name in KEPT if name in os.environ} | ENVIRONMENT | changes
    return subprocess.run(
        [sys.executable, *argv],
        cwd=ROOT,
        env={name: value for name, value in env.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )
