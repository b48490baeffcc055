"""Names of models as short as a leaderboard allows: what tells each from the others, parents in the same words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.errors import BenchError
from bench.params import split_assignments
from bench.registry import load_recipe
from bench.report.aggregate import descent

if TYPE_CHECKING:
    from bench.report.leaderboard import Line


@dataclass(frozen=True)
class Given:
    """What a line's name says of its parameters."""

    parts: tuple[str, ...]
    """`key=value`, in the recipe's order."""
    headline_param: str
    """That of them that the recipe's models are known by; empty for none."""

    @classmethod
    def of(cls, line: Line) -> Given:
        """Read from the name; the recipe, where this machine knows it, tells what its models are known by."""
        parts = tuple(part for part in split_assignments(line.name.partition("[")[2][:-1]) if part)
        try:
            recipe = load_recipe(line.recipe)
        except BenchError:
            return cls(parts, "")
        if not (key := recipe.headline_param):
            return cls(parts, "")
        written = next((part for part in parts if part.startswith(f"{key}=")), None)
        default = f"{key}={recipe.defaults[key]}"
        return cls(parts, written) if written else cls((default, *parts), default)

    def telling(self, rivals: Sequence[Given]) -> list[str]:
        """What it is known by, else the first part that some rival lacks, and as few more as tell it from all.

        A greedy set cover. A rival that has all of its parts and others is told apart by its own name.
        """
        left = [rival for rival in rivals if not set(self.parts) <= set(rival.parts)]
        first = next((part for part in self.parts if any(part not in rival.parts for rival in left)), "")
        chosen = {self.headline_param or first} - {""}
        while left := [rival for rival in left if chosen <= set(rival.parts)]:
            chosen.add(max(self.parts, key=lambda part: sum(part not in rival.parts for rival in left)))
        return [part for part in self.parts if part in chosen]


def named(lines: Sequence[Line]) -> list[Line]:
    """The lines of one leaderboard with `short` and `title` set."""
    given = {line.lineage: Given.of(line) for line in lines}
    short = {}
    for line in lines:
        alike = [given[other.lineage] for other in lines if (other.track, other.recipe) == (line.track, line.recipe)]
        own = [_bare(part, alike) for part in given[line.lineage].telling(alike)]
        short[line.lineage] = f"{line.recipe}[{','.join(own)}]" if own else line.recipe
    made_of = {line.lineage: line.origins for line in lines}
    ensembles = Counter(short[line.lineage] for line in lines if len(line.origins) > 1)

    def chain(lineage: str, brief: bool = True) -> str:
        """A model and what it was made of; what is not on this leaderboard keeps its whole name.

        The `brief` one of the board's only ensemble leaves its members out.
        """
        if lineage not in short:
            return lineage
        name, above = short[lineage], made_of[lineage]
        return (
            name if brief and len(above) > 1 and ensembles[name] == 1 else descent(name, [chain(one) for one in above])
        )

    def taught(line: Line) -> str:
        return f" (teacher {chain(line.teacher)})" if line.teacher not in ("", line.parent) else ""

    return [
        replace(line, short=short[line.lineage], title=chain(line.lineage, brief=False) + taught(line))
        for line in lines
    ]


def _bare(part: str, alike: Sequence[Given]) -> str:
    """`student=static[units=8]` without its brackets, where no model of the recipe has another student of that name."""
    bare, bracket, _ = part.partition("[")
    others = {other for given in alike for other in given.parts if other.partition("[")[0] == bare}
    return bare if bracket and not bare.endswith("=") and others == {part} else part
