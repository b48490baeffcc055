"""What a fine-tuning reports while it runs."""

from __future__ import annotations

import time
from typing import Any

from transformers import TrainerCallback

from bench.api import RunContext

SCORES = ("loss", "accuracy", "macro_f1", "macro_recall")
"""What is stored of a validation."""


class ProgressCallback(TrainerCallback):
    """The clock of the training steps, and a report to the harness every few of them."""

    def __init__(self, rows: int, context: RunContext) -> None:
        self.context = context
        self.rows, self.seconds, self.epochs, self._started = rows, 0.0, 0, 0.0

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **unused: Any) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **unused: Any) -> None:
        """Report how far it is."""
        if state.global_step % 10 == 0:
            self.context.progress(state.global_step, state.max_steps)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **unused: Any) -> None:
        """Stop the clock: validation is no training."""
        self.seconds += time.perf_counter() - self._started
        self.epochs += 1

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **unused: Any) -> None:
        """An epoch's scores."""
        scores = {f"validation_{k[5:]}": v for k, v in (metrics or {}).items() if k[5:] in SCORES}
        self.context.progress(state.global_step, state.max_steps, **scores)
