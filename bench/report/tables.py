"""Leaderboards and rows as text files: CSV, Markdown, LaTeX, JSON."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Sequence
from typing import Any

from bench.report.aggregate import CSV_COLUMNS, Row
from bench.report.columns import COLUMNS
from bench.report.leaderboard import Board

HEADING = "Accuracy: mean over seeds ± its standard deviation. '=1': this test set cannot tell the model from the best."


def csv_text(rows: Sequence[Row]) -> str:
    """One line a run, the published columns first; empty where not measured."""
    buffer = io.StringIO(newline="")
    names = list(rows[0]) if rows else list(CSV_COLUMNS)
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def json_text(rows: Sequence[Row]) -> str:
    """The rows as a JSON array of objects, null where not measured."""
    return json.dumps(list(rows), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def board_document(board: Board) -> dict[str, Any]:
    """A leaderboard for programs."""
    return dataclasses.asdict(board)


def facts(board: Board) -> list[str]:
    """What must be read with the table, beside the notes: size of the test, the smallest gap, what is left out."""
    said = []
    if board.smallest_gap is not None:
        gap = f"accuracies closer than {board.smallest_gap:.3f} are no difference (1.96 standard errors)"
        said.append(f"{board.n_test:,} test texts: {gap}")
    if any(len(line.seeds) < 3 for line in board.ok_lines):
        said.append("fewer than 3 seeds in some lines: their spread is not known well")
    if any(line.refit for line in board.ok_lines):
        said.append("lines named refit trained on train and validation together, and have no validation scores")
    if board.timed_elsewhere:
        elsewhere = (
            f"{board.timed_elsewhere} runs timed on another machine or by another protocol stand here without times"
        )
        said.append(f"times are of machine {board.machine or 'unknown'} only; {elsewhere}")
    if board.superseded:
        said.append(f"{board.superseded} older runs left out, superseded by newer ones of the same model and seed")
    return said


def markdown(boards: Sequence[Board]) -> str:
    """Every leaderboard as a section with a table."""
    parts = ["# Leaderboard", "", HEADING, ""]
    for board in boards:
        parts += [f"## {_md(board.name)}", "", *(f"- {_md(fact)}" for fact in (*board.notes, *facts(board))), ""]
        parts += ["| " + " | ".join(_md(column.title) for column in COLUMNS) + " |"]
        parts += ["|" + "|".join("---:" if column.numeric else "---" for column in COLUMNS) + "|"]
        parts += ["| " + " | ".join(_md(column.text(line)) for column in COLUMNS) + " |" for line in board.lines]
        parts += ["", *(f"- {_md(line.title)}: {_md(line.reason)}" for line in board.lines if line.reason), ""]
    return "\n".join(parts).rstrip() + "\n"


def _md(text: str) -> str:
    """Text that Markdown shows as it is."""
    for character in "\\`*_[]|#":
        text = text.replace(character, "\\" + character)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")


LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "–": "--"}
LATEX |= {"✗": r"$\times$", "←": r"$\leftarrow$", "·": r"$\cdot$", "…": r"\dots{}"}
LATEX |= {character: "\\" + character for character in "&%$#_{}"}


def latex(boards: Sequence[Board]) -> str:
    """Every leaderboard as a `table` for the booktabs package."""
    return "\n".join(_latex_table(board) for board in boards)


def _latex_table(board: Board) -> str:
    align = "".join("r" if column.numeric else "l" for column in COLUMNS)
    caption = ". ".join([f"{board.name}. {HEADING.rstrip('.')}", *board.notes, *facts(board)]) + "."
    body = [" & ".join(_tex(column.text(line)) for column in COLUMNS) + r" \\" for line in board.lines]
    lines = [
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{_tex(caption)}}}",
        rf"\begin{{tabular}}{{{align}}}",
        r"\toprule",
    ]
    lines += [" & ".join(_tex(column.title) for column in COLUMNS) + r" \\", r"\midrule", *body]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def _tex(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in text)
