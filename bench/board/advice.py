"""Which model to ship: chosen on validation, then held against the test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.board.inference import Inference, Subject
from bench.board.leaderboard import Board, Line
from bench.board.numbers import interval, megabytes, signed, significant
from bench.board.speed import fastest
from bench.data.manifest import label_source
from bench.metrics import written
from bench.stats.estimate import MARGIN

MAKERS = {"lexicon": "a lexicon", "emoticons": "emoticons", "hashtags": "hashtags"}
"""Who gives labels that only stand for what people would say."""


@dataclass(frozen=True)
class Pick:
    """One named model with its figures."""

    question: str
    line: Line | None
    """None where it was not measured."""
    facts: str


@dataclass(frozen=True)
class Advice:
    """What the leaderboard of one data set recommends."""

    board: Board
    headline: str
    picks: tuple[Pick, ...]
    caveats: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """What validation leaves to choose from, and what is chosen."""

    near: tuple[Line, ...]
    """Near the best on validation, which is the first: not shown to be worse, and at most `MARGIN` below it."""
    line: Line
    """The fastest of these, where nothing is timed the smallest."""
    reason: str


def advice(board: Board, validation: Inference) -> Advice | None:
    """None where nothing is scored. `validation` is of the board's lines.

    Of the models that are not shown to be worse than the best on validation, and have at most `MARGIN` less, the
    fastest: of those that are not shown to be slower than another, the best on validation. Where nothing is timed, the
    smallest. Without the margin, few texts or few seeds would make a choice of models that are far below.
    """
    if not board.ok_lines:
        return None
    best = board.ok_lines[0]
    found = choice(board, validation)
    if found is None:
        caveats = ("no validation predictions are stored: nothing can be chosen without looking at the test",)
        return Advice(
            board, _scored_headline(board), (_pick("Highest on test", best),), (*caveats, *_caveats(board, []))
        )
    smallest = min(found.near, key=lambda line: line.values.bytes_on_disk or float("inf"))
    picks = (
        _pick("Chosen on validation", found.line),
        _pick("Best on validation", found.near[0]),
        _pick("Smallest that is not shown to be worse there", smallest),
        _pick("Highest on test", best),
    )
    return Advice(board, _headline(board, found), picks, _caveats(board, found.near))


def choice(board: Board, validation: Inference) -> Choice | None:
    """What validation chooses; None where none of it is stored."""
    subjects = [(line, subject) for line in board.ok_lines if (subject := validation.subject(line))]
    if not subjects:
        return None
    subjects.sort(key=lambda pair: -pair[1].sample.score)
    near = tuple(_near(subjects, validation))
    if len(near) == 1:
        reason = f"the best on validation; the others are shown to be worse there, or have over {MARGIN:g} less"
        return Choice(near, near[0], reason)
    alike = f"of {len(near)} that are not shown to be worse"
    among = f"{alike} than the best on validation, nor more than {MARGIN:g} below it"
    if quick := fastest(list(near), board.noise):
        if quick is next(line for line in near if line.timed):
            first = "the best on validation" if quick is near[0] else "the best on validation of those that are timed"
            return Choice(near, quick, f"{first}, and {alike} there none is shown to be faster{_untold(near)}")
        return Choice(near, quick, f"the fastest {among}{_untold(near)}")
    smallest = min(near, key=lambda line: line.values.bytes_on_disk or float("inf"))
    return Choice(near, smallest, f"the smallest {among}")


def _untold(near: Sequence[Line]) -> str:
    """What keeps times of these from being compared."""
    known = any(row.performance.session for line in near for row in line.timed)
    return "" if known else ": it is not known which were timed together"


def _near(subjects: Sequence[tuple[Line, Subject]], validation: Inference) -> list[Line]:
    (_, best), *_ = subjects

    def is_near(subject: Subject) -> bool:
        difference = validation.difference(best, subject)
        return difference.value >= -MARGIN and difference.p_zero() >= validation.level(best, subject)

    return [line for line, subject in subjects if subject is best or is_near(subject)]


def _pick(question: str, line: Line) -> Pick:
    costs = ((significant(line.values.p50_ms_b1), "ms median"), (megabytes(line.values.bytes_on_disk), "MB"))
    score = f"{written(line.metric)} {line.score:.3f} [{interval(line)}] on test"
    return Pick(question, line, ", ".join([score, *(f"{value} {unit}" for value, unit in costs if value)]))


def _headline(board: Board, choice: Choice) -> str:
    if len(board.ok_lines) == 1:
        return _scored_headline(board)
    control = " (a control: no teacher taught it)" if choice.line.untaught else ""
    return f"Ship {choice.line.title}{control}: {choice.reason}; {_on_test(board, choice.line)}."


def _scored_headline(board: Board) -> str:
    best = board.ok_lines[0]
    if len(board.ok_lines) == 1:
        return f"Only {best.title} has been scored: there is nothing to choose from yet."
    return f"{best.title} is highest on test, which is no choice: there is no validation to choose on."


def _on_test(board: Board, line: Line) -> str:
    """What the test set says of the choice."""
    best, standing = board.ok_lines[0], line.standing
    if line is best:
        others = len(board.tied) - 1
        return (
            f"on test it is highest, with {others} not shown to be worse" if others else "on test it leads all others"
        )
    if standing is None or standing.behind is None or standing.behind_interval is None:
        return "on test it cannot be compared: its predictions are not stored"
    gap = signed(standing.behind.value, *standing.behind_interval)
    verdict = "worse than" if standing.worse else "not shown to be worse than"
    return f"on test it is {verdict} the highest, {best.title}: {gap}"


def _caveats(board: Board, near: Sequence[Line]) -> tuple[str, ...]:
    few = [line.title for line in near if len(line.seeds) < 3]
    caveats = []
    if len(few) > 2:
        caveats.append(f"fewer than 3 seeds: {len(few)} of the {len(near)} to choose from")
    elif few:
        caveats.append("fewer than 3 seeds: " + ", ".join(few))
    if near and not any(line.values.p50_ms_b1 for line in near):
        caveats.append("no latency measured of those to choose from")
    if board.data.limit is not None:
        caveats.append(f"only {board.data.limit} rows of each split were used")
    source = label_source(board.data.dataset)
    if (maker := MAKERS.get(source.test or source.train)) is not None:
        caveats.append(f"the test's labels were given by {maker}, not by people: a score is agreement with that")
    return (*caveats, *board.data.notes)
