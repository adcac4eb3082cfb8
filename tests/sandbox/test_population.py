"""The population as values: every story comes to what the contract says, and the headlines are exact."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from recon.engine.case import facts_from_readings
from recon.engine.drift import DriftClass, DriftDetail
from recon.engine.findings import FindingKind
from recon.engine.pipeline import Evaluation, recompute
from recon.engine.policy import Policy
from recon.sandbox.population.cast import cast, counts, headline_counts
from recon.sandbox.population.playbook import DEFAULT_SEED, generate, play, story_of, told
from recon.sandbox.population.rows import Episode, write_cells
from recon.sandbox.population.stories import STORIES
from recon.sandbox.population.story import Headlines, Story
from tests.sandbox.expectations import EXPECTED, Expected

SEEDED_AT = datetime(2026, 3, 20, 16, 40, tzinfo=UTC)
TODAY = datetime(2026, 3, 20, tzinfo=UTC)
LATER = (timedelta(0), timedelta(hours=12), timedelta(days=3))
PLAYINGS = 4  # of each story, each with other chances


@pytest.fixture(scope="module")
def population() -> Sequence[Episode]:
    return list(generate(5_000, DEFAULT_SEED, SEEDED_AT))


@pytest.fixture(scope="module")
def evaluated(population) -> Sequence[Evaluation]:
    """Every account on the day of seeding, in the order of the population."""
    return list(evaluations(population, SEEDED_AT))


def evaluate(episode: Episode, account_id: str, at: datetime) -> Evaluation:
    return recompute(facts_from_readings(account_id, episode.readings(at), livemode=False), Policy(), at)


def evaluations(episodes: Sequence[Episode], at: datetime) -> Iterator[Evaluation]:
    for episode in episodes:
        for account_id in episode.account_ids:
            yield evaluate(episode, account_id, at)


def counted(evaluation: Evaluation) -> Headlines:
    """Which headlines the account counts in."""
    classes, details = evaluation.drift.classes, evaluation.drift.details
    return Headlines(
        stuck=DriftDetail.STUCK in details,
        inconsistent=DriftClass.INCONSISTENT_DEBT_FLAGS in classes and DriftDetail.WRONG not in details,
        flagged=DriftDetail.FLAGGED_BUT_PAID in details,
    )


def headlines(evaluated: Iterable[Evaluation]) -> tuple[int, int, int]:
    stuck, inconsistent, flagged = zip(*map(counted, evaluated), strict=True)
    return sum(stuck), sum(inconsistent), sum(flagged)


def outcome(evaluation: Evaluation) -> Expected:
    """The evaluation in the words of the table of expectations, in alphabetical order."""
    return Expected(
        str(evaluation.truth.state) if evaluation.truth else None,
        " ".join(sorted(map(str, evaluation.drift.details))),
        " ".join(sorted({str(finding.kind) for finding in evaluation.findings})),
    )


def in_order(expected: Expected) -> Expected:
    return expected._replace(
        details=" ".join(sorted(expected.details.split())), findings=" ".join(sorted(expected.findings.split()))
    )


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.slug)
def test_a_story_comes_to_what_the_contract_says_whatever_the_hour(story: Story):
    for number in range(1, 2 * PLAYINGS, 2):
        episode = play(story, number, DEFAULT_SEED, TODAY)
        for place, account_id in enumerate(episode.account_ids):
            expected = in_order(EXPECTED[story.slug if place == 0 else f"{story.slug}/{place + 1}"])
            for later in LATER:
                evaluation = evaluate(episode, account_id, SEEDED_AT + later)
                assert outcome(evaluation) == expected, account_id
                assert counted(evaluation) == (story.headlines if place == 0 else Headlines()), account_id


def test_the_headlines_read_906_625_and_633(evaluated):
    assert headlines(evaluated) == (906, 625, 633)


@pytest.mark.parametrize("later", [timedelta(hours=7, minutes=30), timedelta(days=30)], ids=str)
def test_the_headlines_read_the_same_later(population, later):
    assert headlines(evaluations(population, SEEDED_AT + later)) == (906, 625, 633)


def test_every_class_every_detail_and_every_finding_occurs(evaluated):
    seen: Counter[str] = Counter()
    for evaluation in evaluated:
        seen.update(evaluation.drift.classes)
        seen.update(evaluation.drift.details)
        seen.update(finding.kind for finding in evaluation.findings)
    assert not {*DriftClass, *DriftDetail, *FindingKind} - seen.keys()


def test_every_rule_has_a_story():
    assert {rule for story in STORIES for rule in story.rules} == {f"T{number}" for number in range(18)}


def test_most_accounts_are_healthy(evaluated):
    drifted = sum(bool(evaluation.drift.cells) for evaluation in evaluated)
    assert drifted < 2_500


def test_the_plans_bring_all_three_headlines_to_zero_and_leave_nothing_to_write(evaluated):
    before, after = iter(evaluated), []
    for episode in generate(5_000, DEFAULT_SEED, SEEDED_AT):
        for _ in episode.account_ids:
            write_cells(episode.tables, next(before).plan.writes, SEEDED_AT)
        after += evaluations([episode], SEEDED_AT)
    assert headlines(after) == (0, 0, 0)
    assert not any(evaluation.plan.writes for evaluation in after)


def test_no_account_of_a_headline_is_withheld_or_without_a_verdict(evaluated):
    for evaluation in evaluated:
        if any(counted(evaluation)):
            assert evaluation.verdict.known
            assert evaluation.plan.writes


def test_every_verb_that_finance_approves_is_proposed_somewhere(evaluated):
    verbs = {proposal.verb for one in evaluated for proposal in one.plan.proposals}
    assert verbs == {
        "invoices.pay",
        "invoices.void_invoice",
        "invoices.mark_uncollectible",
        "subscriptions.cancel",
    }


def test_both_severe_and_lenient_plans_occur(evaluated):
    assert {str(one.plan.risk) for one in evaluated} == {"None", "lenient", "severe"}


def test_the_same_seed_and_day_give_the_same_population():
    first = list(generate(300, 7, SEEDED_AT))
    assert list(generate(300, 7, SEEDED_AT + timedelta(hours=7))) == first
    assert list(generate(300, 8, SEEDED_AT)) != first


def test_nothing_in_the_population_happens_after_it_was_seeded(population):
    for episode in population:
        for row in moments(episode.tables):
            assert row <= TODAY


def moments(tables: Mapping) -> Iterator[datetime]:
    """Every moment at which something happened, as opposed to one that is due or ends."""
    for named in tables.values():
        for rows in named.values():
            for row in rows:
                yield from (
                    value
                    for name, value in row.items()
                    if name
                    in {"created_at", "settled_at", "issued_at", "effective_at", "since", "closed_at", "updated_at"}
                    and isinstance(value, datetime)
                )
                if isinstance(row.get("created"), int):
                    yield datetime.fromtimestamp(row["created"], UTC)


def test_no_id_is_given_twice(population):
    ids = Counter(
        row["id"] for episode in population for rows in episode.tables["stripe"].values() for row in rows if "id" in row
    )
    assert max(ids.values()) == 1


@pytest.mark.parametrize("accounts", [1, 60, 200, 1_000, 5_000, 12_345])
def test_a_population_of_any_size_has_exactly_that_many_accounts(accounts):
    assert sum(story.accounts for story in cast(accounts, DEFAULT_SEED)) == accounts
    assert len(told(accounts)) == accounts


@pytest.mark.parametrize("accounts", [200, 1_000])
def test_the_headlines_keep_their_share_at_other_sizes(accounts):
    episodes = list(generate(accounts, DEFAULT_SEED, SEEDED_AT))
    read = headlines(evaluations(episodes, SEEDED_AT))
    assert read == headline_counts(accounts)
    for here, reference in zip(read, (906, 625, 633), strict=True):
        assert abs(here - reference * accounts / 5_000) <= 3


def test_every_story_is_played_from_a_thousand_accounts_on():
    assert all(count for _, count in counts(1_000))


def test_the_story_of_an_account_is_the_one_it_was_made_from(population):
    episode = population[17]
    assert story_of(episode.account_ids[0]).slug == episode.story
    assert story_of("acc_of_nobody") is None
