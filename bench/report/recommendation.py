"""A recommendation on a screen: the answer in one sentence, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.board.leaderboard import Line
from bench.board.numbers import signed, significant
from bench.measure.load import BUSY
from bench.metrics import METRICS, written
from bench.recommend.budget import OPTIONS, Quantity, shown, with_unit
from bench.recommend.candidates import Candidate, Field
from bench.recommend.choice import Choice, Recommendation, Rival, unjudged, without_bounds
from bench.recommend.odds import Odds
from bench.recommend.prices import price_table
from bench.stats.estimate import Estimate

MAX_NAMED = 3
"""Models of one kind that are named, the nearest; `--json` has all."""
Facts = Iterator[tuple[str, str]]


def print_recommendation(found: Recommendation, console: Console) -> None:
    """As wide as the screen, 80 columns do."""
    choice = found.choice
    console.print()
    console.print(
        Text(_answer(found.field, choice) if choice else _no_answer(found), style="bold" if choice else "red")
    )
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, text in _chosen(found.field, choice) if choice else _near(found):
        table.add_row(name, Text(text))
    for text in (*_not_considered(found.field), *_caveats(found.field, choice), *found.field.board.data.notes):
        table.add_row("note", Text(text, style="yellow"))
    console.print(table)
    if choice:
        command = choice.command or "no artifact of it is in this store: train one of its runs again"
        console.print(Text(f"serve it: {command}"), soft_wrap=True)


def _answer(field: Field, choice: Choice) -> str:
    candidate, metric = choice.candidate, written(field.metric)
    standin = f" ({candidate.standin})" if candidate.standin else ""
    keeping = f" that keep to {field.budget.text}" if field.budget.limits else " with validation scores"
    among = f"the highest {metric} on validation of {len(field.inside)} models{keeping}"
    if len(field.inside) == 1:
        among = f"the only model{keeping.replace('keep', 'keeps')}"
    if choice.passed_over:
        among += f", but for {choice.passed_over.line.title} ({choice.passed_over.standin}), not shown to be better"
    return f"Ship {candidate.line.title}{standin} on {field.board.name}: {among}; {_on_test(choice)}."


def _on_test(choice: Choice) -> str:
    if choice.score is None:
        return "its test predictions are not stored, so that test cannot say how it does"
    better = choice.of("loses")
    if better:
        return f"on test it is shown to be worse than {len(better)} of them, by up to {lead(better[0])}"
    return "on test it is not shown to be worse than any of them" if choice.rivals else "test compares it with no other"


def lead(rival: Rival) -> str:
    """By how much another is better: `0.010 (0.002 to 0.018)`."""
    low, high = rival.interval
    return f"{-rival.difference.value:.3f} ({-high:.3f} to {-low:.3f})"


def _chosen(field: Field, choice: Choice) -> Facts:
    candidate, budget = choice.candidate, field.budget
    if choice.score:
        yield "test", f"{written(field.metric)} {around(choice.score)}, {_seeds(candidate.line)}"
    for metric in METRICS:
        if (value := candidate.value(metric)) is not None:
            yield "validation", f"{written(metric)} {value:.3f}{_bound(field, metric)}"
    yield budget.percentile, _figure(field, candidate, "latency") + (", one text at a time" if field.threads else "")
    for quantity in ("size", "memory", "throughput"):
        yield quantity, _figure(field, candidate, quantity)
    yield "price", _price(field, candidate)
    yield from _rivals(choice)
    if choice.odds:
        yield "how sure", _how_sure(field, choice.odds)
    if outside := without_bounds(field):
        broken = ", ".join(_break(field, outside, quantity) for quantity in field.excesses(outside))
        validation = f"{written(field.metric)} {outside.value(field.metric) or 0:.3f} on validation"
        yield "no bounds", f"{outside.line.title}: {validation}; {broken or 'not considered, see below'}"


def _how_sure(field: Field, odds: Odds) -> str:
    axes = ", ".join([written(field.metric), *(field.budget.name(axis) for axis in odds.axes)])
    best = f"it is the best {odds.best:.2f}"
    if field.budget.limits:
        best = f"it is the best inside the bounds {odds.best:.2f}, that it is inside them {odds.within:.2f}"
    return (
        f"probability that {best}, on the Pareto front of {axes} {odds.front:.2f} "
        f"({odds.models} models; texts, seeds and rounds drawn anew {odds.draws:,} times)"
    )


def around(score: Estimate) -> str:
    """`0.912 (0.905 to 0.919)`: the 95 % interval, inside of what a score can be."""
    low, high = score.interval()
    return f"{score.value:.3f} ({max(low, 0.0):.3f} to {min(high, 1.0):.3f})"


def _seeds(line: Line) -> str:
    return f"{len(line.seeds)} seeds" if len(line.seeds) > 1 else "one seed"


def _figure(field: Field, candidate: Candidate, quantity: Quantity) -> str:
    timed = candidate.figures.get(quantity)
    if timed is None:
        return "not measured"
    value, low, high = timed.estimate
    interval = f" ({shown(quantity, low).split()[0]} to {shown(quantity, high).split()[0]})" if low and high else ""
    number, _, unit = shown(quantity, value).partition(" ")
    return f"{number}{interval} {unit}{_bound(field, quantity)}"


def _bound(field: Field, quantity: Quantity) -> str:
    limit = field.budget.limits.get(quantity)
    return "" if limit is None else f", bound {with_unit(quantity, limit)}"


def _price(field: Field, candidate: Candidate) -> str:
    cost, machine = candidate.value("cost"), field.machine
    if cost is None or machine is None:
        return "no estimate: it has no throughput" if machine else "no estimate: nothing is timed"
    return (
        f"{_figure(field, candidate, 'cost')} on {machine.type} ({machine.vcpu} vCPU, {machine.usd_per_hour:g} USD an "
        f"hour in an unchecked list of {price_table().date}): an estimate, as it was timed on another machine; never "
        "idle, in batches of 32"
    )


def _rivals(choice: Choice) -> Facts:
    beaten, tied, better = choice.of("beats"), choice.of("ties"), choice.of("loses")
    for name, rivals in (("worse than", better), ("ties with", tied), ("beats", beaten)):
        if rivals:
            named = "; ".join(f"{r.line.title} {signed(r.difference.value, *r.interval)}" for r in rivals[:MAX_NAMED])
            more = f"; and {len(rivals) - MAX_NAMED} more" if len(rivals) > MAX_NAMED else ""
            yield name, f"{len(rivals)}: {named}{more}"
    if choice.untested:
        yield "untested", _titles(choice.untested)


def _titles(lines: Sequence[Line]) -> str:
    more = f"; and {len(lines) - MAX_NAMED} more" if len(lines) > MAX_NAMED else ""
    return "; ".join(line.title for line in lines[:MAX_NAMED]) + more


def _no_answer(found: Recommendation) -> str:
    field = found.field
    head = f"Nothing on {field.board.name} keeps to {field.budget.text}"
    if not found.loosenings:
        return f"{head}, and no bound that is loosened alone lets a model in."
    ways = [f"{OPTIONS[each.quantity]} {each.to:.6g} lets in {each.candidate.line.title}" for each in found.loosenings]
    return f"{head}: {', or '.join(ways)}."


def _near(found: Recommendation) -> Facts:
    field = found.field
    for candidate in found.misses[:MAX_NAMED]:
        broken = ", ".join(_break(field, candidate, quantity) for quantity in field.excesses(candidate))
        score = f"{written(field.metric)} {candidate.value(field.metric) or 0:.3f} on validation"
        standin = f" ({candidate.standin})" if candidate.standin else ""
        yield "near", f"{candidate.line.title}{standin}, {score}: {broken}"


def _break(field: Field, candidate: Candidate, quantity: Quantity) -> str:
    value, excess = candidate.value(quantity) or 0.0, field.excesses(candidate)[quantity]
    beyond = f"{100 * excess:.2g} % beyond" if excess < 1 else f"{significant(1 + excess)} times"
    return f"{field.budget.name(quantity)} {shown(quantity, value)}, {beyond} its bound"


def _not_considered(field: Field) -> Iterator[str]:
    reasons: dict[str, list[Line]] = {}
    for line, reason in unjudged(field):
        reasons.setdefault(reason, []).append(line)
    for reason, lines in reasons.items():
        yield f"{len(lines)} not considered, {reason}: {_titles(lines)}"


def _caveats(field: Field, choice: Choice | None) -> Iterator[str]:
    board = field.board
    if field.threads:
        where = f"times are of {field.threads} thread{'s' * (field.threads > 1)}"
        if board.session:
            yield f"{where} on machine {board.machine}, session {board.session}"
        else:
            yield f"{where} on machine {board.machine}, of unknown sessions: they have no intervals"
    if board.data.limit is not None:
        yield f"only {board.data.limit} rows of each split were used"
    if choice:
        yield from _of_choice(field, choice)


def _of_choice(field: Field, choice: Choice) -> Iterator[str]:
    line = choice.candidate.line
    if len(line.seeds) < 3:
        spread = choice.score.seeds if choice.score else "none"
        own = {"own": "", "borrowed": "; the spread over seeds is taken from other models here"}
        yield f"{_seeds(line)}{own.get(spread, '; the interval is over the texts alone')}"
    for quantity, limit in field.budget.limits.items():
        timed = choice.candidate.figures[quantity]
        ends = [end for end in timed.estimate[1:] if end is not None]
        if any(field.budget.excess(quantity, end) > 0 for end in ends):
            bound = with_unit(quantity, limit)
            yield f"the interval of its {field.budget.name(quantity)} reaches beyond the bound of {bound}"
    if line.unsteady:
        yield "its rounds scatter or drift by more than 10 %: time again with python -m bench measure"
    if line.other_load >= BUSY:
        yield f"it was timed while others kept {line.other_load:.1f} cores busy"
