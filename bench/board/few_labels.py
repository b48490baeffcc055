"""Models by how many texts of each label they were trained on."""

from __future__ import annotations

from dataclasses import dataclass

from bench.board.leaderboard import Board, Line


@dataclass(frozen=True)
class Curve:
    """One model, trained on at least two numbers of labels."""

    lines: dict[int, Line]
    """By the texts of each label, the fewest first."""
    whole: Line | None
    """Trained on all of train."""

    @property
    def name(self) -> str:
        """Of the model, without the number of labels."""
        first = next(iter(self.lines.values()))
        return first.title.removesuffix(first.model.identity.trained_on).rstrip(" ·")


def curves(board: Board) -> list[Curve]:
    """Of a leaderboard, in its order."""
    found: dict[tuple[object, ...], dict[int | None, Line]] = {}
    for line in board.ok_lines:
        model = line.model
        number = per_label(line)
        if number is not None or model.identity.trained_on == "train":
            found.setdefault((model.recipe, model.identity.params, model.parent), {})[number] = line
    made = []
    for lines in found.values():
        numbers = sorted(number for number in lines if number is not None)
        if len(numbers) > 1:
            made.append(Curve({number: lines[number] for number in numbers}, lines.get(None)))
    return made


def per_label(line: Line) -> int | None:
    """How many texts of each label it was trained on; None for all of train, or more."""
    number, _, of = line.model.identity.trained_on.partition(" ")
    return int(number) if of == "a label" else None
