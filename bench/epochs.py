"""The epochs of a training, told by its steps: history, best weights, patience, and checkpoints that a kill leaves.

No framework is imported: one that keeps its numbers in variables with `numpy` and `assign`, as Keras does, says after
each step what the loss is.
"""

from __future__ import annotations

import json
import math
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bench.arrays import read_arrays
from bench.contract import DeviceUse, Params, RunContext, Training
from bench.durable import write_streamed
from bench.errors import BenchError, StoreError

PROGRESS_SECONDS = 1.0
"""Between two progress reports within an epoch."""
CHECKPOINT_SECONDS = 300.0
"""Between two checkpoints: what a kill loses at most. A training that ends before writes none."""

Weights = list[npt.NDArray[Any]]
Validation = Callable[[], tuple[dict[str, float], Weights]]


class Variable(Protocol):
    """What a framework keeps a tensor in."""

    def numpy(self) -> Any:
        """Its value."""

    def assign(self, value: Any) -> Any:
        """Take another one."""


class EpochLog:
    """Counts the steps of a training, validates after each epoch, and keeps what a killed one needs to go on.

    `step` is how many steps are done: those of a killed training with the same checkpoint folder, to begin with.
    `over` is whether the training ends here. `best` are the weights of the best epoch on validation, empty where
    nothing was validated.
    """

    def __init__(
        self,
        steps: int,
        examples: int,
        params: Params,
        rate: Callable[[int], float],
        validate: Validation | None,
        variables: Callable[[], Sequence[Variable]],
        context: RunContext,
        writes: bool = True,
    ) -> None:
        """`steps` and `examples` are those of an epoch; `params` has `epochs`, `monitor` and `patience`.

        `rate` gives the learning rate of a step, from 0. `validate` gives scores of the model, and the weights that
        have them. `variables` are all that the next step depends on: weights, the optimizer's state, that of random
        generators, the mean of the loss. Of several processes that train together one alone `writes`.
        """
        self.steps, self.examples, self.rate, self.validate = steps, examples, rate, validate
        self.epochs: int = params["epochs"]
        self.monitor, self.patience = params["monitor"], max(1, params["patience"])
        self.variables, self.context, self.writes = variables, context, writes
        self.step, self.history, self.over = 0, list[dict[str, float]](), False
        self.best_epoch: int | None = None
        self.best: Weights = []
        self._state: Weights = []
        self._seconds, self._trained = 0.0, 0
        self._saved = self._reported = self._clock = time.monotonic()
        if self._file and self._file.is_file():
            self._read(self._file)

    @property
    def total(self) -> int:
        """Steps of all epochs."""
        return self.steps * self.epochs

    def begin(self) -> None:
        """Give the variables the state that was read, and start the clock; called right before the first step."""
        if self._state:
            for variable, value in zip(self.variables(), self._state, strict=True):
                variable.assign(value)
            self._state = []
        self._saved = self._reported = self._clock = time.monotonic()

    def forget(self) -> None:
        """Start from the first step, whatever was read."""
        self.step, self.history, self.best_epoch, self.best, self._state = 0, [], None, [], []

    def after(self, step: int, loss: float) -> None:
        """So many steps are done, and `loss` is the mean of the epoch so far; a `BenchError` where it is no number."""
        self._seconds += time.monotonic() - self._clock
        self._trained += step - self.step
        self.step = step
        if not math.isfinite(loss):
            raise BenchError(
                f"the loss became NaN or infinite at step {step}, where the rate was {self.rate(step - 1):.3g}: lower "
                "learning_rate"
            )
        if step % self.steps == 0:
            self._end_epoch(loss)
        elif time.monotonic() - self._reported >= PROGRESS_SECONDS:
            self._report(loss=loss)
        if self._file and self.writes and not self.over and time.monotonic() - self._saved >= CHECKPOINT_SECONDS:
            self._write(self._file)
        self._clock = time.monotonic()

    def training(self, device: DeviceUse) -> Training:
        """What it did. Speed is of the steps of this process, without validation."""
        return Training(
            examples_per_second=self._rate_of_examples(),
            epochs_run=len(self.history),
            best_epoch=self.best_epoch,
            history=self.history,
            device=device,
        )

    def _end_epoch(self, loss: float) -> None:
        epoch = self.step // self.steps
        entry = {"epoch": float(epoch), "loss": loss, "learning_rate": self.rate(self.step - 1)}
        if self.validate:
            scores, weights = self.validate()
            entry |= {f"validation_{name}": value for name, value in scores.items()}
            if self._is_best(entry):
                self.best_epoch, self.best = epoch, weights
        self.history.append(entry)
        self.over = self.step >= self.total or (
            self.best_epoch is not None and epoch - self.best_epoch >= self.patience
        )
        self._report(**{name: value for name, value in entry.items() if name != "epoch"})

    def _is_best(self, entry: dict[str, float]) -> bool:
        """Whether no epoch before was as good."""
        key, sign = f"validation_{self.monitor}", -1.0 if self.monitor == "loss" else 1.0
        return all(sign * entry[key] > sign * other[key] for other in self.history)

    def _report(self, **values: float) -> None:
        self._reported = time.monotonic()
        speed = self._rate_of_examples()
        known = {"epoch": self.step / self.steps} | values | ({"examples_per_s": speed} if speed else {})
        self.context.progress(self.step, self.total, **known)

    def _rate_of_examples(self) -> float | None:
        return self._trained * self.examples / self.steps / self._seconds if self._seconds else None

    @property
    def _file(self) -> Path | None:
        return self.context.checkpoint / "state.npz" if self.context.checkpoint else None

    def _write(self, file: Path) -> None:
        told = {"step": self.step, "history": self.history, "best_epoch": self.best_epoch}
        state = {f"variable-{i}": variable.numpy() for i, variable in enumerate(self.variables())}
        best = {f"best-{i}": weight for i, weight in enumerate(self.best)}
        arrays = state | best | {"told": np.asarray(json.dumps(told))}
        write_streamed(file, lambda stream: np.savez(stream, allow_pickle=False, **arrays))
        self._saved = time.monotonic()

    def _read(self, file: Path) -> None:
        try:
            arrays = read_arrays(file)
        except StoreError as error:
            warnings.warn(f"the training starts anew: {error}", stacklevel=3)
            return
        told = json.loads(str(arrays["told"]))
        self.step, self.history, self.best_epoch = told["step"], told["history"], told["best_epoch"]
        self._state, self.best = (
            [arrays[f"{kind}-{i}"] for i in range(len(arrays)) if f"{kind}-{i}" in arrays]
            for kind in ("variable", "best")
        )
