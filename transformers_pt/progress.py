"""What a fine-tuning reports and saves while it runs."""

from __future__ import annotations

import time
from typing import Any

from transformers import TrainerCallback

from bench.api import RunContext

SCORES = ("loss", "accuracy", "macro_f1", "macro_recall")
"""What is stored of a validation."""
CHECKPOINT_SECONDS = 300.0
"""Between two checkpoints within an epoch: what a kill loses at most."""


class ProgressCallback(TrainerCallback):
    """The clock of the training steps, a report every few of them, and a checkpoint every few minutes."""

    def __init__(self, rows: int, context: RunContext) -> None:
        self.rows, self.context = rows, context
        self.seconds, self.epochs, self.loss = 0.0, 0.0, float("nan")
        self._started, self._epoch, self._saved = 0.0, 0.0, time.monotonic()

    @property
    def examples_per_second(self) -> float | None:
        """Of the steps alone, without validation; None before the first."""
        return self.rows * self.epochs / self.seconds if self.seconds else None

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **unused: Any) -> None:
        """Start the clock."""
        self._started, self._epoch = time.perf_counter(), state.epoch or 0.0

    def on_step_end(self, args: Any, state: Any, control: Any, **unused: Any) -> None:
        """Report how far it is; ask for a checkpoint where the last one is old."""
        if state.global_step % 10 == 0:
            self._count(state)
            rate = self.examples_per_second
            values = {"epoch": state.epoch, "loss": self.loss} | ({"examples_per_s": rate} if rate else {})
            self.context.progress(state.global_step, state.max_steps, **values)
        # The last step of an epoch is saved with its validation: resumed from before it, none would be made.
        within = self.context.checkpoint is not None and not float(state.epoch).is_integer()
        if within and time.monotonic() - self._saved >= CHECKPOINT_SECONDS:
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **unused: Any) -> None:
        """The next one is due some minutes from now."""
        self._saved = time.monotonic()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **unused: Any) -> None:
        """Stop the clock: validation is no training."""
        self._count(state)

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **unused: Any) -> None:
        """An epoch's scores."""
        scores = {f"validation_{k[5:]}": v for k, v in (metrics or {}).items() if k[5:] in SCORES}
        self.context.progress(state.global_step, state.max_steps, **scores)

    def _count(self, state: Any) -> None:
        now = time.perf_counter()
        self.seconds += now - self._started
        self.epochs += state.epoch - self._epoch
        self._started, self._epoch = now, state.epoch
