"""What a reader of a leaderboard must know."""

from __future__ import annotations

from bench.board.leaderboard import Board
from bench.data.manifest import label_source
from bench.measure.load import BUSY
from bench.metrics import written


def facts(board: Board) -> list[str]:
    """Beside the notes on the data: size of the test, the smallest gap, what is left out."""
    lines = []
    ranked = f"ranked by {written(board.metric)}"
    if board.resolution is not None:
        ranked += (
            f"; differences from the best down to {board.resolution:.3f} can be shown with these texts and seeds "
            "(paired, corrected for all pairs; the line in the middle)"
        )
    if board.ok_lines:
        lines.append(f"{board.data.n_test:,} test texts, {ranked}" if board.data.n_test else ranked)
    if untested := sum(line.standing is None for line in board.ok_lines):
        lines.append(f"{untested} lines have no stored predictions of the same texts, and are compared with none")
    lines.append(f"labels: {label_source(board.data.dataset).line}")
    if any(len(line.seeds) < 3 for line in board.ok_lines):
        lines.append("fewer than 3 seeds in some lines: their spread is uncertain")
    if any(line.refit for line in board.ok_lines):
        lines.append("lines named refit trained on train and validation together, and have no validation scores")
    lines += _of_times(board)
    if board.superseded:
        lines.append(f"{board.superseded} older runs left out, superseded by newer ones of the same model and seed")
    return lines


def _of_times(board: Board) -> list[str]:
    """Whose times are shown, and how far they may be trusted."""
    timed = [line for line in board.ok_lines if line.timed]
    lines = []
    if timed and board.session:
        lines.append(f"times are of session {board.session} on machine {board.machine}")
    elif timed:
        lines.append(f"times of machine {board.machine or 'unknown'} are of unknown sessions: no ratios are given")
    if board.timed_elsewhere:
        lines.append(
            f"{board.timed_elsewhere} runs timed on another machine, by another protocol or in another session than "
            f"{board.machine or 'unknown'} {board.session or 'unknown'} stand here without times (×): "
            f"python -m bench measure -d '{board.data.dataset}' times all in one"
        )
    if len(timed) > 1:
        how = f"calibrated {board.noise.calibrated_at[:10]}" if board.noise.calibrated_at else "assumed, not calibrated"
        lines.append(f"times closer than {100 * board.noise.p50:.0f} % are no difference ({how})")
    if any(line.unsteady for line in timed):
        lines.append("~ marks times whose rounds scatter or drift by more than 10 %")
    if load := max((line.other_load for line in timed if line.other_load >= BUSY), default=0.0):
        lines.append(f"! marks times taken while others kept cores busy, up to {load:.1f} of them")
    return lines
