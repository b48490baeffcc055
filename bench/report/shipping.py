"""Recommendations as a table in Markdown, for pages whose words about results must come from a test."""

from __future__ import annotations

from collections.abc import Sequence

from bench.board.numbers import significant
from bench.metrics import written
from bench.recommend.candidates import FLOOR, Field
from bench.recommend.choice import Recommendation
from bench.report.recommendation import around, lead
from bench.report.tables import escaped

PLAIN = "linear"
"""The recipe of the plain baseline."""
COLUMNS = (
    "data set", "metric", "chosen on validation", "test (95 % interval)", "on test, against the others", "p50 ms", "MB",
    f"`{PLAIN}`", "label frequencies",
)  # fmt: skip


def markdown(found: Sequence[Recommendation]) -> str:
    """A line a leaderboard: the model, its score beside those of the plain baseline and the floor, and its costs."""
    rows = [_cells(each) for each in found]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (COLUMNS, ["---"] * len(COLUMNS), *rows)) + "\n"


def _cells(found: Recommendation) -> list[str]:
    field, choice = found.field, found.choice
    head = [escaped(field.board.name), written(field.metric)]
    comparison = [_test(field, PLAIN), _test(field, FLOOR)]
    if choice is None:
        return [*head, f"nothing keeps to {field.budget.text}", "", "", "", "", *comparison]
    costs = [significant(choice.candidate.value(quantity)) for quantity in ("latency", "size")]
    score = around(choice.score) if choice.score else ""
    return [*head, escaped(choice.candidate.line.title), score, _others(found), *costs, *comparison]


def _others(found: Recommendation) -> str:
    assert found.choice is not None
    better, rivals = found.choice.of("loses"), found.choice.rivals
    if better:
        return f"worse than {len(better)} of {len(rivals)}, by up to {lead(better[0])}"
    return f"not shown to be worse than any of {len(rivals)}" if rivals else ""


def _test(field: Field, recipe: str) -> str:
    """The test score of that recipe's model that is best on validation."""
    line = next((c.line for c in field.candidates if c.line.recipe == recipe), None)
    subject = field.test.subject(line) if line else None
    return around(field.test.score(subject)) if subject else ""
