"""What a reader of a leaderboard must know."""

from __future__ import annotations

from bench.board.leaderboard import Board


def facts(board: Board) -> list[str]:
    """Beside the notes on the data: size of the test, the smallest gap, what is left out."""
    lines = []
    if board.smallest_gap is not None:
        gap = f"accuracies closer than {board.smallest_gap:.3f} are no difference (1.96 standard errors)"
        lines.append(f"{board.data.n_test:,} test texts: {gap}")
    if any(len(line.seeds) < 3 for line in board.ok_lines):
        lines.append("fewer than 3 seeds in some lines: their spread is uncertain")
    if any(line.refit for line in board.ok_lines):
        lines.append("lines named refit trained on train and validation together, and have no validation scores")
    if board.timed_elsewhere:
        elsewhere = (
            f"{board.timed_elsewhere} runs timed on another machine or by another protocol stand here without times"
        )
        lines.append(f"times are of machine {board.machine or 'unknown'} only; {elsewhere}")
    if board.superseded:
        lines.append(f"{board.superseded} older runs left out, superseded by newer ones of the same model and seed")
    return lines
