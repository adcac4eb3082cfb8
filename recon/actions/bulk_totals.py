"""What a frozen list amounts to, for whoever has to decide on it."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from recon.actions.foresee import foresee_events
from recon.engine.plan import Risk
from recon.engine.proposals import is_final
from recon.engine.truth import ACCESS
from recon.queries.bulk_plans import BulkPlan, remaining_of
from recon.queries.read_only import places_of, read_only_places, why_read_only
from recon.queries.undone import StandingUndo

SAMPLE: Final = 10
INVOICES: Final = "invoices."


@dataclass(frozen=True, slots=True)
class ProposedCall:
    """One proposal of an account's plan, and the digest under which it is carried out."""

    account_id: str
    digest: str
    verb: str
    object_id: str

    @property
    def name(self) -> str:
        return f"{self.verb}:{self.object_id}"


def totals_of(plans: Sequence[BulkPlan]) -> dict[str, Any]:
    """Accounts by state, class and risk, money by currency, what others will hear, what changes for the customers."""
    owed: Counter[str] = Counter()
    for one in plans:
        owed.update(one.owed)
    return {
        "states": _count(one.state or "" for one in plans),
        "classes": _count(name for one in plans for name in one.classes),
        "risks": _count(one.risk or Risk.LENIENT.value for one in plans if one.writes),
        "owed": dict(sorted(owed.items())),
        "owing": _count(currency for one in plans for currency, minor in one.owed.items() if minor),
        "writes": sum(len(one.writes) for one in plans),
        "events": _count(event.kind for one in plans for event in foresee_events(one.account_id, one.writes)),
        "access": _count(change for one in plans for change in _access(one)),
    }


def totals_of_repairs(plans: Sequence[BulkPlan]) -> dict[str, Any]:
    """The same, the accounts of a random sample, and how many proposals to Stripe are left aside."""
    sample = [one.account_id for one in random.sample(list(plans), min(SAMPLE, len(plans)))]
    return {**totals_of(plans), "sample": sample, "proposals": sum(len(one.proposals) for one in plans)}


def totals_of_undone(undone: Mapping[str, StandingUndo]) -> dict[str, Any]:
    """Accounts that are left out because a person undid a repair of theirs: how many, and the first of them as
    [account, who, when]; nothing where there are none."""
    first = [[one.account_id, one.approved_by, one.at.isoformat()] for one in list(undone.values())[:SAMPLE]]
    return {"undone": {"accounts": len(undone), "first": first}} if undone else {}


def totals_of_read_only(left_out: Mapping[str, str]) -> dict[str, Any]:
    """Accounts that are left out because nothing can be written where their plan does (account → why): how many, and
    the reasons; nothing where there are none."""
    return {"read_only": {"accounts": len(left_out), "why": sorted(set(left_out.values()))}} if left_out else {}


def writable(plans: Iterable[BulkPlan]) -> tuple[list[BulkPlan], dict[str, str]]:
    """The plans that can be written, and of the others' accounts why they cannot."""
    read_only = read_only_places()
    whys = {one.account_id: (one, why_read_only(places_of(one.writes), read_only)) for one in plans}
    return [one for one, why in whys.values() if not why], {id: why for id, (_, why) in whys.items() if why}


def totals_of_proposals(plans: Sequence[BulkPlan], calls: Sequence[ProposedCall]) -> dict[str, Any]:
    """What is written together with the calls, the calls by verb, how many of them are final, what their invoices are
    about (verb → currency → [calls, minor units]), and a random sample of [account, verb:object]."""
    sample = random.sample(list(calls), min(SAMPLE, len(calls)))
    return {
        **totals_of(plans),
        "accounts": len({one.account_id for one in calls}),
        "written_with": sum(bool(one.writes) for one in plans),
        "verbs": _count(one.verb for one in calls),
        "final": sum(is_final(one.verb) for one in calls),
        "money": _money(calls),
        "sampled": [[one.account_id, one.name] for one in sample],
    }


def _money(calls: Sequence[ProposedCall]) -> dict[str, dict[str, list[int]]]:
    remaining = remaining_of(one.object_id for one in calls if one.verb.startswith(INVOICES))
    sums: dict[str, dict[str, list[int]]] = {}
    for call in calls:
        currency, minor = remaining.get(call.object_id, ("", 0))
        if currency:
            sums.setdefault(call.verb, {}).setdefault(currency, [0, 0])
            sums[call.verb][currency][0] += 1
            sums[call.verb][currency][1] += minor
    return sums


def _access(plan: BulkPlan) -> Iterable[str]:
    """`given` or `taken` with the column, for each thing that a customer gains or loses; a block counts as one."""
    for write in plan.writes:
        if write["store"] != "cf_prod":
            continue
        if write["table"] == "blocks":
            yield "blocks.given" if write["truth"] is None else "blocks.taken"
        elif write["column"] in ACCESS and write["truth"] is not None:
            is_given = ACCESS[write["column"]] is bool(write["truth"])
            yield f"{write['column']}.{'given' if is_given else 'taken'}"


def _count(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))
