"""The intake's protocol as a small model: changes, late events, workers, a sweep, kills and leases, interleaved.

One account with two facts in two stores. A worker that is slow is one that takes no step for a while, and a sender that
sends again is one whose event came late, so neither needs modelling. It does what `dirty.py`, `recompute_dirty.py`,
`sweep.py` and `keep_evaluations.py` do; back-offs and leases end at any moment.
"""

from collections.abc import Iterator
from typing import NamedTuple

Facts = tuple[int, int]
MOST_ATTEMPTS = 2
NOTHING_READ: Facts = (-1, -1)
UNKNOWN: Facts = (-2, -2)


class Worker(NamedTuple):
    """`holds`: the row's token is its own. `is_leased`: its lease has not run out. `begun` orders it among others."""

    at: str = "idle"
    gen: int = 0
    read: Facts = NOTHING_READ
    begun: int = 0
    holds: bool = False
    is_leased: bool = False


class World(NamedTuple):
    """`coming` are events of changes that nobody has received; `kept` is what the last kept evaluation had read."""

    changes_left: int
    facts: Facts = (0, 0)
    coming: int = 0
    halfway: int = 0
    gen: int = 0
    done_gen: int = 0
    lease: str = "none"
    attempts: int = 0
    waits: bool = False
    parked_at: int | None = None
    kept: Facts = (0, 0)
    kept_begun: int = 0
    workers: tuple[Worker, ...] = ()
    sweep: Worker | None = None
    shared: bool = False


class Rules(NamedTuple):
    """What the protocol insists on; each of these left out is a bug that the model has to see."""

    counts_marks: bool = True  # a generation, not a flag
    reads_gen_first: bool = True  # before any store is read
    asks_for_token: bool = True
    marks_with_event: bool = True  # in the event's own transaction
    completes_with_answer: bool = True  # in the transaction that keeps the evaluation
    orders_by_begin: bool = True  # an evaluation is as old as its first read
    spares_the_marked: bool = True  # what was marked during its last try is not parked
    marks_the_claimed: bool = True  # a mark that is asked for once leaves alone what waits, not what is being read


def start(changes: int, workers: int, *, sweeps: bool = False) -> World:
    return World(changes, workers=(Worker(),) * workers, sweep=Worker() if sweeps else None)


def explore(first: World, rules: Rules, *, fails: bool = True) -> Iterator[World]:
    """Every world that can be reached, once; `fails`: tries may fail too."""
    seen, todo = {first}, [first]
    while todo:
        world = todo.pop()
        yield world
        for later in following(world, rules, fails=fails):
            normal = _normal(later)
            if normal not in seen:
                seen.add(normal)
                todo.append(normal)


def following(world: World, rules: Rules, *, fails: bool) -> Iterator[World]:
    yield from _outside(world, rules)
    if world.lease == "live":
        freed = tuple(one._replace(is_leased=False) if one.holds else one for one in world.workers)
        yield world._replace(lease="over", workers=freed)
    if world.waits:
        yield world._replace(waits=False)
    for number, worker in enumerate(world.workers):
        if worker.at == "idle":
            yield from _claim(world, number, rules)
            continue
        yield _with(world, number, Worker())  # killed: the row keeps its lease
        yield from _go_on(world, number, worker, rules, fails=fails)
    if world.sweep is not None:
        yield from _sweep(world, world.sweep, rules, fails=fails)


def alone(world: World, rules: Rules) -> World:
    """The same world when all have been killed, every event has come, and one worker is left in peace."""
    workers = (Worker(),) * len(world.workers)
    world = world._replace(workers=workers, sweep=None, lease="none", waits=False, changes_left=0)
    for _ in range(world.coming):
        world = _marked(world, rules)
    world = world._replace(coming=0)
    while claims := list(_claim(world, 0, rules)):
        world = claims[0]
        while world.workers[0].at != "idle":
            world = next(_go_on(world, 0, world.workers[0], rules, fails=False))
    return world


def violations(world: World) -> list[str]:
    """What may never be so, however late it is looked at."""
    found = []
    nothing_comes = world.coming == world.halfway == 0
    if nothing_comes and world.gen == world.done_gen and world.kept != world.facts:
        found.append("every mark is answered, and what is kept is not what the stores hold: a lost update")
    if world.parked_at is not None and world.parked_at < world.gen:
        found.append("it is parked with a mark that nobody has tried")
    if world.shared:
        found.append("two hold the account at once")
    return found


def _outside(world: World, rules: Rules) -> Iterator[World]:
    """The stores change, and an event tells it: at once, late, or later than the event of the next change."""
    if world.changes_left:
        left, (first, second) = world.changes_left - 1, world.facts
        yield world._replace(changes_left=left, coming=world.coming + 1, facts=(first + 1, second))
        yield world._replace(changes_left=left, coming=world.coming + 1, facts=(first, second + 1))
    if world.coming and rules.marks_with_event:
        yield _marked(world._replace(coming=world.coming - 1), rules)
    elif world.coming:
        yield world._replace(coming=world.coming - 1, halfway=world.halfway + 1)
    if world.halfway:
        yield _marked(world._replace(halfway=world.halfway - 1), rules)
        yield world._replace(halfway=world.halfway - 1)  # killed; sent again, it is a duplicate


def _marked(world: World, rules: Rules) -> World:
    """What failed keeps its back-off; what was parked gets another try."""
    gen = world.gen + 1 if rules.counts_marks else world.done_gen + 1
    return world._replace(gen=gen, parked_at=None, waits=world.waits and world.attempts > 0)


def _claim(world: World, number: int, rules: Rules) -> Iterator[World]:
    is_due = world.gen > world.done_gen and world.parked_at is None and not world.waits
    if not is_due or world.lease == "live":
        return
    others = tuple(one._replace(holds=False) for one in world.workers)
    shared = world.shared or any(one.is_leased for one in world.workers)
    claimed = Worker("first", world.gen, NOTHING_READ, _now(world), holds=True, is_leased=True)
    yield _with(world._replace(workers=others, lease="live", shared=shared), number, claimed)


def _go_on(world: World, number: int, worker: Worker, rules: Rules, *, fails: bool) -> Iterator[World]:
    if worker.at in ("first", "second"):
        yield _with(world, number, _reads(world, worker, rules))
    elif worker.at == "answered":
        yield _with(_keeps(world, worker, worker.read), number, Worker())
    else:
        ended = _completes(world, worker, rules)
        if rules.completes_with_answer:
            yield _with(_keeps(ended, worker, worker.read), number, Worker())
        else:
            yield _with(ended, number, worker._replace(at="answered", holds=False, is_leased=False))
    if fails and worker.at in ("first", "second", "last"):
        yield _with(_fails(world, worker, rules, is_poison=True), number, Worker())
        unknown = _keeps(world, worker, UNKNOWN)
        yield _with(_fails(unknown, worker, rules, is_poison=False), number, Worker())


def _reads(world: World, worker: Worker, rules: Rules) -> Worker:
    if worker.at == "first":
        return worker._replace(at="second", read=(world.facts[0], -1))
    gen = worker.gen if rules.reads_gen_first else world.gen
    begun = worker.begun if rules.orders_by_begin else _now(world)
    return worker._replace(at="last", read=(worker.read[0], world.facts[1]), gen=gen, begun=begun)


def _keeps(world: World, worker: Worker, read: Facts) -> World:
    """Unless a newer one is kept already."""
    if world.kept_begun > worker.begun:
        return world
    return world._replace(kept=read, kept_begun=worker.begun)


def _completes(world: World, worker: Worker, rules: Rules) -> World:
    if not (worker.holds or not rules.asks_for_token):
        return world
    done_gen = max(world.done_gen, worker.gen) if rules.counts_marks else world.gen
    return world._replace(done_gen=done_gen, attempts=0, lease="none", parked_at=None)


def _fails(world: World, worker: Worker, rules: Rules, *, is_poison: bool) -> World:
    if not (worker.holds or not rules.asks_for_token):
        return world
    is_last = world.attempts >= MOST_ATTEMPTS - 1 and (worker.gen == world.gen or not rules.spares_the_marked)
    return world._replace(
        attempts=min(world.attempts + 1, MOST_ATTEMPTS),
        waits=True,
        lease="none",
        parked_at=worker.gen if is_poison and is_last else None,
    )


def _sweep(world: World, sweep: Worker, rules: Rules, *, fails: bool) -> Iterator[World]:
    """It claims nothing; where it could not read, it marks in the transaction that keeps that."""
    if sweep.at == "idle":
        yield world._replace(sweep=Worker("first", begun=_now(world)))
        return
    yield world._replace(sweep=Worker())
    if sweep.at in ("first", "second"):
        yield world._replace(sweep=_reads(world, sweep, rules))
    else:
        yield _keeps(world, sweep, sweep.read)._replace(sweep=Worker())
    if fails and sweep.at == "last":
        unknown = _keeps(world, sweep, UNKNOWN)._replace(sweep=Worker())
        is_claimed = world.lease != "none" and rules.marks_the_claimed
        waits_already = world.parked_at is not None or (world.gen > world.done_gen and not is_claimed)
        yield unknown if waits_already else _marked(unknown, rules)


def _now(world: World) -> int:
    """Later than whatever began so far."""
    return 1 + max(one.begun for one in (*_at_work(world), Worker(begun=world.kept_begun)))


def _at_work(world: World) -> list[Worker]:
    return [one for one in (*world.workers, world.sweep) if one is not None and one.at != "idle"]


def _with(world: World, number: int, worker: Worker) -> World:
    return world._replace(workers=(*world.workers[:number], worker, *world.workers[number + 1 :]))


def _normal(world: World) -> World:
    """Workers in one order, moments and generations as mere ranks: worlds that differ in no more are one."""
    moment = _ranks(world.kept_begun, *(one.begun for one in _at_work(world)))
    gens = [one.gen for one in world.workers if one.at != "idle"]
    parked = [] if world.parked_at is None else [world.parked_at]
    gen = _ranks(world.gen, world.done_gen, *gens, *parked)
    workers = (one._replace(begun=moment[one.begun], gen=gen[one.gen]) for one in world.workers)
    return world._replace(
        workers=tuple(sorted(workers)),
        sweep=world.sweep and world.sweep._replace(begun=moment[world.sweep.begun]),
        kept_begun=moment[world.kept_begun],
        gen=gen[world.gen],
        done_gen=gen[world.done_gen],
        parked_at=None if world.parked_at is None else gen[world.parked_at],
    )


def _ranks(*values: int) -> dict[int, int]:
    """Value → its place among them; idle hands have 0 of everything."""
    return {0: 0} | {value: place for place, value in enumerate(sorted(set(values)))}
