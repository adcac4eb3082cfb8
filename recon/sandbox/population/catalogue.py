"""What the made-up company sells: plans and prices. Amounts are minor units of each price's currency."""

from dataclasses import dataclass

from recon.sandbox.twin import objects
from recon.sandbox.twin.shapes import Json

MONTHLY, YEARLY = 1, 12
AMOUNTS = {
    "starter": {"usd": 1_900, "eur": 1_700, "gbp": 1_500, "jpy": 2_800},
    "team": {"usd": 4_900, "eur": 4_500, "gbp": 3_900, "jpy": 7_200},
    "business": {"usd": 14_900, "eur": 13_900, "gbp": 11_900, "jpy": 21_800},
    "enterprise": {"usd": 96_000, "eur": 89_000, "gbp": 76_000, "jpy": 140_000},
}
BY_LOOKUP_KEY = "business"  # this plan's prices name it in `lookup_key`, the others' in `metadata.plan_code`


@dataclass(frozen=True, slots=True)
class Price:
    """One price: `amount` minor units of `currency` every `months`. `mapped`: it names its plan."""

    plan: str
    currency: str = "usd"
    months: int = MONTHLY
    mapped: bool = True

    @property
    def price_id(self) -> str:
        """The price's id in Stripe, such as price_team_monthly_eur."""
        every = "yearly" if self.months == YEARLY else "monthly"
        return f"price_{self.plan}_{every}_{self.currency}"

    @property
    def amount(self) -> int:
        """What one period costs: a year is sold at ten months' price."""
        return AMOUNTS[self.plan][self.currency] * (10 if self.months == YEARLY else 1)


def price_object(price: Price) -> Json:
    """The price as Stripe shows it inside a subscription's item."""
    by_key = price.mapped and price.plan == BY_LOOKUP_KEY
    whole = objects.price(
        price.price_id,
        created=1_700_000_000,
        unit_amount=price.amount,
        currency=price.currency,
        product=f"prod_{price.plan}",
        lookup_key=price.plan if by_key else None,
        metadata={"plan_code": price.plan} if price.mapped and not by_key else None,
    )
    whole["recurring"]["interval_count"] = price.months
    return whole
