"""What compression costs: one row a technique over all leaderboards, and every family of models below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.board.family import Family, Member, floors
from bench.board.leaderboard import Board, Line
from bench.board.numbers import megabytes, signed, significant
from bench.board.vocabulary import STEPS, step


@dataclass(frozen=True)
class Cost:
    """One child against its parent."""

    technique: str
    board: str
    member: Member


def techniques(families: Sequence[tuple[Board, list[Family]]]) -> dict[str, Any]:
    """As a table: how many pairs, the difference of the score, how many times smaller and faster, medians and ranges.

    Each pair is a child with its parent, by the metric of its data set; a student with its teacher is one as well.
    """
    costs: dict[str, list[Cost]] = {}
    for cost in _costs(families):
        costs.setdefault(cost.technique, []).append(cost)
    rows = [_technique(name, of) for name, of in sorted(costs.items(), key=lambda each: (-len(each[1]), each[0]))]
    return {
        "columns": [
            ["technique", ""], ["pairs", "Children with their parents, over all data sets"],
            ["data sets", ""], ["difference", "In score, the child's less the parent's: median, least to most"],
            ["shown worse", "Pairs whose 95 % interval lies below zero, each by itself"],
            ["× smaller", "Bytes on disk: median, least to most"],
            ["× faster", "Median of single texts, of pairs timed in one session: median, least to most"],
        ],
        "rows": rows,
    }  # fmt: skip


def _costs(families: Sequence[tuple[Board, list[Family]]]) -> Iterator[Cost]:
    for board, some in families:
        for member in (member for family in some for member in family if member.step):
            yield Cost(_name(member.line), board.name, member)


def _name(line: Line) -> str:
    """What was done to the parent. Pruning may have its parent for a teacher, and stays pruning."""
    if line.recipe in STEPS or not line.teacher:
        return step(line.recipe, line.params)
    return "distilled" if line.params.get("alpha", 1.0) else "untaught student"


def _technique(name: str, costs: Sequence[Cost]) -> list[str]:
    steps = [cost.member.step for cost in costs if cost.member.step]
    gaps = [each.difference.value for each in steps]
    worse = sum(each.difference.interval()[1] < 0 for each in steps)
    sizes = [each.size for each in steps if each.size]
    speeds = [each.speed_up.estimate.value for each in steps if each.speed_up.estimate]
    return [
        name, str(len(costs)), ", ".join(sorted({cost.board for cost in costs})),
        signed(median(gaps), min(gaps), max(gaps)) if len(gaps) > 1 else f"{gaps[0]:+.3f}", f"{worse} of {len(steps)}",
        _range(sizes), _range(speeds),
    ]  # fmt: skip


def _range(values: Sequence[float]) -> str:
    if not values:
        return "not measured"
    middle, low, high = (significant(value) for value in (median(values), min(values), max(values)))
    return f"{middle} ({low}–{high})" if len(values) > 1 else middle


MEMBER_COLUMNS = [
    ["model", ""], ["score", ""], ["against parent", "Difference in score, paired, with its 95 % interval by itself"],
    ["retained", "Share of the score of the head of the family, with its 95 % interval"],
    ["regressions / corrections", "Texts that went from right to wrong, and from wrong to right, mean over seeds"],
    ["MB", ""], ["× smaller", "Than the parent · than the head"], ["ms", "p50"],
    ["× faster", "Than the parent · than the head, by rounds that both ran in turn; ≈ shows no difference"],
    ["against its control", "The same student without its teacher"],
]  # fmt: skip


def family_document(board: Board, family: Family) -> dict[str, Any]:
    """One family as a table, children below their parents; what less effort keeps stands beside it."""
    plain = ", ".join(f"{line.title} {100 * share:.1f} %" for line, share in floors(board, family))
    return {
        "title": f"{family[0].line.title}: {len(family) - 1} made of it",
        "note": f"What less effort keeps of the head's score: {plain}." if plain else "",
        "columns": MEMBER_COLUMNS,
        "rows": [_member(member) for member in family],
    }


def _member(member: Member) -> list[str]:
    line, one, whole = member.line, member.step, member.whole
    flips = f"{one.flips.regressions:.0f} / {one.flips.corrections:.0f}" if one else ""
    steps = [one] if member.depth < 2 else [one, whole]
    sizes = [significant(each.size) if each and each.size else "–" for each in steps]
    speeds = [each.speed_up.text if each else "–" for each in steps]
    return [
        ("\u2003" * (member.depth - 1) + "└ " if member.depth else "") + line.title, f"{line.score:.3f}",
        signed(one.difference.value, *one.difference.interval()) if one else "",
        "{:.1f} % ({:.1f} to {:.1f})".format(*(100 * share for share in whole.retained)) if whole else "", flips,
        megabytes(line.values.bytes_on_disk), " · ".join(sizes) if one else "", significant(line.values.p50_ms_b1),
        " · ".join(dict.fromkeys(speeds)) if one else "",
        signed(member.gain.value, *member.gain.interval()) if member.gain else "",
    ]  # fmt: skip
