"""What `--dry-run` says of the cost of the runs that are due."""

from __future__ import annotations

from collections import Counter

from rich.console import Console

from bench.machine import cores
from bench.recommend.prices import price_table
from bench.run.estimate import Error, Estimate, Likeness

WORDS = {
    Likeness.SAME: "the same model on the same data",
    Likeness.OTHER_DATA: "the same model on other data",
    Likeness.OTHER_PARAMETERS: "other parameters of the recipe",
    Likeness.OTHER_MACHINE: "another machine",
}


def print_estimate(made: Estimate, console: Console) -> None:
    """Time, disk and money with the error so far, and what has no estimate."""
    lines = [_total(made)] if made.runs else []
    lines += [f"  {_count(n)} from {WORDS[kind]}: {_error(made.errors.get(kind))}" for kind, n in made.runs.items()]
    if made.unknown:
        named = ", ".join(f"{recipe} ({count})" for recipe, count in Counter(made.unknown).items())
        lines.append(f"  {_count(len(made.unknown))} without an estimate, as nothing stored is like them: {named}")
    if made.unmeasured:
        lines.append(f"  the measuring of {_count(made.unmeasured)} is not in it: nothing stored was measured alike")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _total(made: Estimate) -> str:
    parts = {"training": made.train_seconds, "predicting": made.predict_seconds, "measuring": made.measure_seconds}
    shares = ", ".join(f"{name} {_time(seconds)}" for name, seconds in parts.items() if seconds)
    return (
        f"Estimate: about {_time(made.seconds)} on this machine, one run after another ({shares}; the starts of the "
        f"processes come on top), {_size(made.disk_bytes)} of disk{_money(made.seconds)}"
    )


def _money(seconds: float) -> str:
    table = price_table()
    machine = table.cheapest(cores())
    if machine is None:
        return ""
    usd = machine.usd_per_hour * seconds / 3600
    price = f"{usd:.2f} USD" if usd >= 0.01 else "under 0.01 USD"
    return f", {price} were it as fast on {machine.type} (prices of {table.date})"


def _error(error: Error | None) -> str:
    if error is None:
        return "no two stored runs tell how far off that is"
    return (
        f"trainings took {error.median:.2f} times more or less than so estimated in the median, up to "
        f"{error.nine_in_ten:.2f} times in nine of ten ({_count(error.runs)} stored, each left out in turn)"
    )


def _count(runs: int) -> str:
    return f"{runs} run{'' if runs == 1 else 's'}"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 1 else "under 1 s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _size(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
