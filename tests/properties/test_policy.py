"""What another policy can touch, over worlds and policies that nobody wrote by hand."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon.engine.assessment import Assessment, assess, judge, with_policy
from recon.engine.case import read_case
from recon.engine.plan import Risk
from recon.engine.policy import Policy
from recon.engine.policy_effect import effect_of, is_nowhere_stricter
from recon.engine.policy_inputs import changed_inputs, policy_inputs
from recon.engine.policy_sense import nonsense_in
from recon.engine.rules.identity import family_of, identify
from tests.properties.worlds import NOW, Case, worlds

many = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
days = st.sampled_from((0, 1, 2, 6, 15, 16, 30, 60, 120))
rungs = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("grace", "past_due", "delinquent", "bad_debt", "bad_debt_ended"), days)
)
dust = st.sampled_from((0, 50, 51, 1_000, 5_000))
codes = st.sampled_from(("pro", "team", "free"))
PARTS = {
    "plans": st.dictionaries(st.sampled_from(("price_pro", "price_other", "price_none")), codes),
    "dust_minor": st.one_of(dust, st.dictionaries(st.sampled_from(("eur", "usd", "default")), dust)),
    "in_flight_max_days": days,
    "freshness_minutes": days,
    "rungs": st.fixed_dictionaries({}, optional={"self_serve": rungs, "contract": rungs}),
}
policies = st.fixed_dictionaries({}, optional=PARTS).map(Policy.from_json)
later = st.sampled_from((0, 1, 5, 14, 29, 59, 119, 400)).map(lambda number: NOW + timedelta(days=number))


def assessment_of(case: Case, policy: Policy) -> Assessment:
    facts = read_case(case).facts
    return assess(facts, facts.account, identify(facts, family_of(facts)), policy)


@st.composite
def spared(draw: st.DrawFn, assessment: Assessment) -> Policy:
    """Other numbers in whatever the account does not depend on, and the same in what it does."""
    policy = assessment.debtor.policy
    for part in sorted(PARTS):
        written: dict[str, Any] = policy.to_json()
        written[part] = draw(PARTS[part])
        other = Policy.from_json(written)
        if changed_inputs(policy, other).isdisjoint(policy_inputs(assessment)):
            policy = other
    return policy


@many
@given(worlds(), policies, later, st.data())
def test_numbers_outside_its_inputs_change_no_truth_at_any_moment(
    case: Case, policy: Policy, moment: Any, data: st.DataObject
) -> None:
    assessment = assessment_of(case, policy)
    other = with_policy(assessment, data.draw(spared(assessment)))
    assert judge(other, moment).truth == judge(assessment, moment).truth
    assert policy_inputs(other) == policy_inputs(assessment)


@many
@given(worlds(), policies, policies, later)
def test_a_truth_that_differs_depends_on_what_differs(case: Case, old: Policy, new: Policy, moment: Any) -> None:
    assessment = assessment_of(case, old)
    differs = judge(assessment, moment).truth != judge(with_policy(assessment, new), moment).truth
    assert not differs or changed_inputs(old, new) & policy_inputs(assessment)


@many
@given(worlds(), policies, policies, later)
def test_what_is_nowhere_stricter_takes_nothing_from_anybody(
    case: Case, one: Policy, another: Policy, moment: Any
) -> None:
    old, new = (one, another) if is_nowhere_stricter(another, one) else (one, laxer(one, another))
    assert is_nowhere_stricter(new, old)
    effect = effect_of(read_case(case).facts, old, new, moment)
    assert effect is not None
    assert effect.risk is not Risk.SEVERE


def laxer(one: Policy, another: Policy) -> Policy:
    """The laxer of each number of two policies."""
    a, b = one.to_json(), another.to_json()
    ladders = {
        segment: {name: max(days, b["rungs"][segment][name]) for name, days in own.items()}
        for segment, own in a["rungs"].items()
    }
    currencies = {*one.dust_by_currency, *another.dust_by_currency}
    dust = {code: max(one.dust(code), another.dust(code)) for code in currencies}
    return Policy.from_json(
        {
            "rungs": ladders,
            "dust_minor": {**dust, "default": max(one.dust_minor, another.dust_minor)},
            "in_flight_max_days": max(a["in_flight_max_days"], b["in_flight_max_days"]),
            "plans": a["plans"] | {price: code for price, code in b["plans"].items() if code != "free"},
        }
    )


def test_the_contracts_own_numbers_make_sense() -> None:
    assert nonsense_in(Policy()) == ()
