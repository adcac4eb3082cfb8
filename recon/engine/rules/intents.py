"""What people and contracts decided, and whether it holds at a given moment (the intents of T9, T10, T12 and T13)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from recon.engine.enums import IntentKind, Segment
from recon.engine.facts import Contract, Intent

_FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Intents:
    """The account's own intents and contract. Those of merged accounts do not count."""

    all: tuple[Intent, ...]
    contract: Contract | None

    @property
    def segment(self) -> Segment:
        return self.contract.segment if self.contract is not None else Segment.SELF_SERVE

    def running(self, kind: IntentKind, now: datetime) -> tuple[Intent, ...]:
        """An intent runs while its `until` is null or later than now; a promise needs a date."""
        return tuple(
            intent
            for intent in self.all
            if intent.kind is kind
            and (intent.until > now if intent.until is not None else kind is not IntentKind.PROMISE_TO_PAY)
        )

    def has_comp(self, now: datetime) -> bool:
        return bool(self.running(IntentKind.COMP_PLAN, now))

    def comp(self, now: datetime) -> Intent | None:
        """T12: of the running comps with a plan, the longest-running, then the smallest id."""
        with_plan = [intent for intent in self.running(IntentKind.COMP_PLAN, now) if intent.plan_code]
        with_plan.sort(key=lambda intent: intent.intent_id)
        return max(with_plan, key=lambda intent: intent.until or _FOREVER, default=None)

    def contract_runs(self, now: datetime) -> bool:
        """T12: the contract of a contract or internal account, between its start and its end."""
        contract = self.contract
        if contract is None or contract.segment is Segment.SELF_SERVE:
            return False
        started = contract.starts_at is None or contract.starts_at <= now
        return started and not self.contract_is_over(now)

    def contract_is_over(self, now: datetime) -> bool:
        return self.contract is not None and self.contract.ends_at is not None and self.contract.ends_at <= now

    def moments(self) -> Iterable[datetime]:
        """Every moment at which one of them begins or ends (T17)."""
        yield from (intent.until for intent in self.all if intent.until is not None)
        if self.contract is not None:
            yield from (moment for moment in (self.contract.starts_at, self.contract.ends_at) if moment is not None)
