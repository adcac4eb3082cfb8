"""The population as values: no database, no clock, the same for the same size, seed and day."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from random import Random

from recon.sandbox.population.account import Account
from recon.sandbox.population.cast import cast
from recon.sandbox.population.rows import Episode, empty_tables
from recon.sandbox.population.story import Story, Told

DEFAULT_ACCOUNTS = 5_000
DEFAULT_SEED = 906_625_633
CURRENCIES, WEIGHTS = ("usd", "eur", "gbp", "jpy"), (80, 12, 6, 2)
OLDER_SHAPE = 0.12  # the share of accounts whose Stripe objects come in the shape from before 2025-03-31


def day_of(now: datetime) -> datetime:
    """Midnight UTC of the day that `now` falls in: the day that every date of the population counts back from."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def generate(accounts: int, seed: int, now: datetime) -> Iterator[Episode]:
    """Play every story: `accounts` accounts in all, in the order of their ids."""
    today = day_of(now)
    number = 1
    for story in cast(accounts, seed):
        yield play(story, number, seed, today)
        number += story.accounts


def play(story: Story, number: int, seed: int, today: datetime) -> Episode:
    """One playing of a story, whose first account has this number."""
    rng = Random(seed * 1_000_003 + number)
    tables = empty_tables()
    currency = rng.choices(CURRENCIES, WEIGHTS)[0]
    older = rng.random() < OLDER_SHAPE
    actors = [Account(number + n, today, rng, tables, older=older, currency=currency) for n in range(story.accounts)]
    story.play(*actors)
    return Episode(story.slug, tuple(actor.account_id for actor in actors), tables)


@lru_cache(maxsize=4)
def told(accounts: int = DEFAULT_ACCOUNTS, seed: int = DEFAULT_SEED) -> Mapping[str, Told]:
    """account_id → its story, for every account of the population."""
    by_account: dict[str, Told] = {}
    number = 1
    for story in cast(accounts, seed):
        for _ in range(story.accounts):
            by_account[f"acc_{number:06d}"] = Told(story.slug, story.sentence)
            number += 1
    return by_account


def story_of(account_id: str, accounts: int = DEFAULT_ACCOUNTS, seed: int = DEFAULT_SEED) -> Told | None:
    """The story behind one account, None for an account that is not of the population."""
    return told(accounts, seed).get(account_id)
