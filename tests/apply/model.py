"""The protocol of an apply as a small model: every interleaving of coordinator, recoverers, late requests and crashes.

Two stores and one Stripe call that is not idempotent by itself. An actor that is paused is one that takes no step for a
while, so pauses need no modelling; a crash ends an actor anywhere. What Stripe has not answered it may still execute at
any later moment.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

Answer = Literal["ok", "refused", "error"]
LIVE = ("preparing", "calling", "committing", "aborting")
CLOSED = ("done", "aborted", "exception")


class Actor(NamedTuple):
    """`at` is the next thing it does; `epoch` what it holds; `retries` how often it may still ask Stripe again."""

    at: str
    epoch: int = 1
    store: int = 0
    retries: int = 1


class World(NamedTuple):
    state: str = "preparing"
    epoch: int = 1
    key: int = 0
    settled: Answer | None = None
    stores: tuple[str, ...] = ("old", "old")
    effects: int = 0
    answers: tuple[Answer | None, ...] = (None, None)
    in_flight: frozenset[int] = frozenset()
    stripe_refuses: bool = False
    actors: tuple[Actor, ...] = ()


class Rules(NamedTuple):
    """What the protocol insists on; each of these left out is a bug that the model has to see."""

    fences: bool = True
    keeps_intent: bool = True
    presumes_nothing_in_calling: bool = True
    goes_forward_when_unknown: bool = True
    sweeps: bool = True
    decides_before_commit: bool = True
    reads_after_error: bool = True


def start(recoverers: int, *, stripe_refuses: bool) -> World:
    return World(stripe_refuses=stripe_refuses, actors=(Actor("prepare"), *[Actor("take over", 0)] * recoverers))


def explore(first: World, rules: Rules) -> Iterator[World]:
    """Every world that can be reached, once."""
    seen, todo = {first}, [first]
    while todo:
        world = todo.pop()
        yield world
        for later in following(world, rules):
            if later not in seen:
                seen.add(later)
                todo.append(later)


def following(world: World, rules: Rules) -> Iterator[World]:
    yield from _stripe_executes(world)
    for number, actor in enumerate(world.actors):
        if actor.at != "gone":
            yield _with(world, number, Actor("gone"))
            yield from STEPS[actor.at](world, number, actor, rules)


def alone(world: World, rules: Rules) -> World:
    """The same world after one more recovery that nobody disturbs, with Stripe answering."""
    world = world._replace(actors=(Actor("take over", 0),))
    while True:
        while world.in_flight:
            world = next(_stripe_executes(world))
        number_of_steps = [step for step in following(world, rules) if step.actors[0].at != "gone" or _is_end(step)]
        if not number_of_steps:
            return world
        world = number_of_steps[0]
        if world.actors[0].at == "gone":
            return world


def _is_end(world: World) -> bool:
    return world.actors[0] == Actor("gone", -1)


def _with(world: World, number: int, actor: Actor, **changes: object) -> World:
    actors = (*world.actors[:number], actor, *world.actors[number + 1 :])
    return world._replace(actors=actors, **changes)


def _ends(world: World, number: int, **changes: object) -> World:
    """The actor has nothing more to do (told apart from a crash, which may come anywhere)."""
    return _with(world, number, Actor("gone", -1), **changes)


def _holds(world: World, actor: Actor, rules: Rules, *states: str) -> bool:
    """The fence: the state and the epoch that the actor believes in."""
    return not rules.fences or (world.state in states and world.epoch == actor.epoch)


def _stripe_executes(world: World) -> Iterator[World]:
    for key in world.in_flight:
        rest = world.in_flight - {key}
        if world.answers[key] is not None:
            yield world._replace(in_flight=rest)  # replayed
            continue
        if world.stripe_refuses:
            yield _answered(world, key, "refused", 0, rest)
            continue
        yield _answered(world, key, "ok", 1, rest)
        if key == 0:
            yield _answered(world, key, "error", 0, rest)
            yield _answered(world, key, "error", 1, rest)


def _answered(world: World, key: int, answer: Answer, effects: int, in_flight: frozenset[int]) -> World:
    answers = tuple(answer if index == key else known for index, known in enumerate(world.answers))
    return world._replace(answers=answers, effects=world.effects + effects, in_flight=in_flight)


def _prepare(world: World, number: int, actor: Actor, rules: Rules) -> Iterator[World]:
    stores = (*world.stores[: actor.store], "prepared", *world.stores[actor.store + 1 :])
    last = actor.store == len(stores) - 1
    done = actor._replace(at="intend" if rules.decides_before_commit else "finish", store=0)
    yield _with(world, number, done if last else actor._replace(store=actor.store + 1), stores=stores)
    yield _with(world, number, actor._replace(at="abort"))  # a stale row


def _intend(world: World, number: int, actor: Actor, rules: Rules) -> Iterator[World]:
    if not _holds(world, actor, rules, "preparing"):
        yield _ends(world, number)
        return
    state = "calling" if rules.keeps_intent else world.state
    yield _with(world, number, actor._replace(at="send"), state=state)


def _intend_again(world: World, number: int, actor: Actor, rules: Rules) -> Iterator[World]:
    if _holds(world, actor, rules, "calling", "committing"):
        yield _with(world, number, actor._replace(at="send"))
    else:
        yield _ends(world, number)


def _fresh_key(world: World, number: int, actor: Actor, rules: Rules) -> Iterator[World]:
    if _holds(world, actor, rules, "calling", "committing"):
        yield _with(world, number, actor._replace(at="send"), key=1)
    else:
        yield _ends(world, number)


def _send(world: World, number: int, actor: Actor, rules: Rules) -> Iterator[World]:
    # What is sent may arrive at once, late, or never.
    yield _with(world, number, actor._replace(at="answer"), in_flight=world.in_flight | {world.key})
    yield _with(world, number, actor._replace(at="answer"))


def _answer(world: World, number: int, actor: Actor, rules: Rules) -> Iterator[World]:
    answer = world.answers[world.key]
    if answer in ("ok", "refused"):
        yield _with(world, number, actor._replace(at=f"heard {answer}"))
    elif answer == "error":
        if world.effects and rules.reads_after_error:
            yield _with(world, number, actor._replace(at="heard ok"))
        elif world.key == 0:
            yield _with(world, number, actor._replace(at="fresh key"))
    if actor.retries:
        yield _with(world, number, actor._replace(at="intend again", retries=0))
    yield _with(world, number, actor._replace(at="heard nothing"))


def _heard(answer: Answer | None) -> Callable[[World, int, Actor, Rules], Iterator[World]]:
    def step(world: World, number: int, actor: Actor, rules: Rules) -> Iterator[World]:
        if world.state == "committing" and world.epoch == actor.epoch:  # an owed call
            if answer is None:
                yield _ends(world, number)
            else:
                yield _with(world, number, actor._replace(at="close"), settled=answer)
        elif _holds(world, actor, rules, "calling", *(() if rules.keeps_intent else ("preparing",))):
            aborts = answer == "refused" or (answer is None and not rules.goes_forward_when_unknown)
            state = "aborting" if aborts else "committing"
            yield _with(world, number, actor._replace(at="finish", store=0), state=state, settled=answer)
        else:
            yield _ends(world, number)

    return step


def _abort(world: World, number: int, actor: Actor, rules: Rules) -> Iterator[World]:
    if _holds(world, actor, rules, "preparing", *(() if rules.presumes_nothing_in_calling else ("calling",))):
        yield _with(world, number, actor._replace(at="finish", store=0), state="aborting")
    else:
        yield _ends(world, number)


def _take_over(world: World, number: int, actor: Actor, rules: Rules) -> Iterator[World]:
    if world.state not in LIVE:
        yield _with(world, number, actor._replace(at="sweep"))
        return
    held = actor._replace(epoch=world.epoch + 1, store=0)
    at = {"preparing": "abort", "calling": "intend again"}.get(world.state, "finish")
    if world.state == "calling" and not rules.presumes_nothing_in_calling:
        at = "abort"
    yield _with(world, number, held._replace(at=at), epoch=world.epoch + 1)


def _finish(world: World, number: int, actor: Actor, rules: Rules) -> Iterator[World]:
    """COMMIT PREPARED or ROLLBACK PREPARED of one store after the other; what is not there is let be."""
    if actor.store == len(world.stores):
        at = "intend again" if world.state == "committing" and world.settled is None else "close"
        yield _with(world, number, actor._replace(at=at, retries=0))
        return
    is_early = not rules.decides_before_commit and world.state == "preparing"
    wanted = {"committing": "new", "aborting": "old"}.get(world.state, "new" if is_early else None)
    if wanted is None:
        yield _ends(world, number)
        return
    held = world.stores[actor.store]
    reached = wanted if held == "prepared" else held
    stores = (*world.stores[: actor.store], reached, *world.stores[actor.store + 1 :])
    last_early = is_early and actor.store == len(stores) - 1
    later = actor._replace(at="intend", store=0) if last_early else actor._replace(store=actor.store + 1)
    yield _with(world, number, later, stores=stores)


def _close(world: World, number: int, actor: Actor, rules: Rules) -> Iterator[World]:
    if _holds(world, actor, rules, "committing") and world.state == "committing":
        is_lost = world.settled == "refused"
        yield _with(world, number, actor._replace(at="sweep"), state="exception" if is_lost else "done")
    elif _holds(world, actor, rules, "aborting") and world.state == "aborting":
        yield _with(world, number, actor._replace(at="sweep"), state="aborted")
    else:
        yield _ends(world, number)


def _sweep(world: World, number: int, actor: Actor, rules: Rules) -> Iterator[World]:
    if world.state == "aborted" and rules.sweeps:
        yield _ends(world, number, stores=tuple("old" if held == "prepared" else held for held in world.stores))
    else:
        yield _ends(world, number)


STEPS: dict[str, Callable[[World, int, Actor, Rules], Iterator[World]]] = {
    "prepare": _prepare,
    "intend": _intend,
    "intend again": _intend_again,
    "fresh key": _fresh_key,
    "send": _send,
    "answer": _answer,
    "heard ok": _heard("ok"),
    "heard refused": _heard("refused"),
    "heard nothing": _heard(None),
    "abort": _abort,
    "take over": _take_over,
    "finish": _finish,
    "close": _close,
    "sweep": _sweep,
}


def violations(world: World) -> list[str]:
    """What may never be so, however late it is looked at."""
    found = []
    if "new" in world.stores and world.state not in ("committing", "done", "exception"):
        found.append("a store holds the new row before the decision, or against it")
    if world.effects > 1:
        found.append("Stripe did it twice")
    if world.state in ("aborting", "aborted") and (world.effects or _may_still_happen(world)):
        found.append("Stripe did it, or still may, though it is aborted")
    if world.state == "done" and (world.stores != ("new", "new") or world.effects != 1):
        found.append("it is called done and is not")
    return found


def _may_still_happen(world: World) -> bool:
    return not world.stripe_refuses and any(world.answers[key] is None for key in world.in_flight)
