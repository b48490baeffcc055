"""Leaderboards as text files: Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence

from bench.board.facts import facts
from bench.board.leaderboard import Board
from bench.report.columns import columns_of

HEADING = (
    "Score: the data set's own metric, mean over seeds ± its standard deviation. '=1': not shown to be worse than the "
    "best, paired, corrected for all pairs. † one seed, widened by other models' spread over seeds; ‡ over texts alone."
)


def markdown(boards: Sequence[Board]) -> str:
    """Every leaderboard as a section with a table."""
    parts = ["# Leaderboard", "", HEADING, ""]
    for board in boards:
        columns = columns_of(board.lines)
        parts += [
            f"## {escaped(board.name)}",
            "",
            *(f"- {escaped(fact)}" for fact in (*board.data.notes, *facts(board))),
            "",
        ]
        parts += ["| " + " | ".join(escaped(column.title) for column in columns) + " |"]
        parts += ["|" + "|".join("---:" if column.numeric else "---" for column in columns) + "|"]
        parts += ["| " + " | ".join(escaped(column.text(line)) for column in columns) + " |" for line in board.lines]
        parts += ["", *(f"- {escaped(line.title)}: {escaped(line.reason)}" for line in board.lines if line.reason), ""]
    return "\n".join(parts).rstrip() + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    for character in "\\`*_[]|#":
        text = text.replace(character, "\\" + character)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")


LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "–": "--"}
LATEX |= {"✗": r"$\times$", "×": r"$\times$", "≈": r"$\approx$", "←": r"$\leftarrow$", "·": r"$\cdot$", "…": r"\dots{}"}
LATEX |= {character: "\\" + character for character in "&%$#_{}"}


def latex(boards: Sequence[Board]) -> str:
    """Every leaderboard as a `table` for the booktabs package."""
    return "\n".join(_latex_table(board) for board in boards)


def _latex_table(board: Board) -> str:
    columns = columns_of(board.lines)
    align = "".join("r" if column.numeric else "l" for column in columns)
    caption = ". ".join([f"{board.name}. {HEADING.rstrip('.')}", *board.data.notes, *facts(board)]) + "."
    body = [" & ".join(_tex(column.text(line)) for column in columns) + r" \\" for line in board.lines]
    lines = [
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{_tex(caption)}}}",
        rf"\begin{{tabular}}{{{align}}}",
        r"\toprule",
    ]
    lines += [" & ".join(_tex(column.title) for column in columns) + r" \\", r"\midrule", *body]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def _tex(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in text)
