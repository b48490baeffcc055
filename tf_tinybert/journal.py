"""What a training did, the best weights it had, and the epoch it stops at. Imported where TensorFlow is at hand."""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from bench.api import BenchError, RunContext

PROGRESS_EVERY = 20
"""Training steps between two progress reports."""
BACKUP = "backup"
"""The folder of `BackupAndRestore`, below that of the checkpoint."""


class Journal(keras.callbacks.Callback):
    """History, speed and best weights of a training, stored in `folder` (if there is one) so that a killed run resumes.

    `validate` gives the scores after an epoch; without it nothing is chosen and the last weights stay. Stands before
    `BackupAndRestore` among the callbacks: an epoch that it has and the backup does not is trained again.
    """

    def __init__(
        self,
        steps: int,
        batch_size: int,
        rate: Callable[[int], float],
        validate: Callable[[], dict[str, float]] | None,
        monitor: str,
        patience: int,
        folder: Path | None,
        context: RunContext,
    ) -> None:
        super().__init__()
        self.steps, self.batch_size, self.rate, self.validate = steps, batch_size, rate, validate
        self.monitor, self.patience, self.folder, self.context = monitor, patience, folder, context
        self.history: list[dict[str, float]] = []
        self.best_epoch: int | None = None
        self._best: list[npt.NDArray[np.floating]] = []
        self._seconds = self._started = self._loss = 0.0
        self._trained = self._reported = self._epoch = 0

    @property
    def examples_per_second(self) -> float | None:
        """Training examples over the seconds of training steps of this process; validation is left out."""
        return self._trained / self._seconds if self._seconds else None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Load the state of a killed training."""
        epochs = backed_up(self.folder) if self.folder else 0
        if not self.folder or not epochs:
            return
        state = json.loads((self.folder / "journal.json").read_text())
        self.history = state["history"][:epochs]
        self.best_epoch = state["best_epoch"]
        if self.best_epoch:
            with np.load(self.folder / "best.npz", allow_pickle=False) as file:
                self._best = [file[str(i)] for i in range(len(file.files))]

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start the clock."""
        self._started, self._epoch = time.perf_counter(), epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Stop where the loss is no number; else report progress every few steps."""
        step = self._epoch * self.steps + batch + 1
        self._loss = float((logs or {})["loss"])  # the mean over the epoch so far
        if not math.isfinite(self._loss):
            raise BenchError(
                f"the loss became NaN or infinite at step {step}, where the rate was {self.rate(step - 1):.3g}: lower "
                "learning_rate"
            )
        if step - self._reported >= PROGRESS_EVERY:
            self._reported = step
            self.context.progress(step, self.steps * self.params["epochs"], loss=self._loss)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Validate, keep the weights if they are the best, and stop where `patience` is over."""
        self._seconds += time.perf_counter() - self._started
        self._trained += self.steps * self.batch_size
        done = (epoch + 1) * self.steps
        entry = {"epoch": float(epoch + 1), "loss": self._loss, "learning_rate": self.rate(done - 1)}
        if self.validate:
            entry |= {f"validation_{name}": value for name, value in self.validate().items()}
        self.history.append(entry)
        if self.validate and self._is_best(entry):
            self.best_epoch, self._best = epoch + 1, self.model.get_weights()
        if self.folder:
            self._save(self.folder)
        self.context.progress(
            done, self.steps * self.params["epochs"], **{k: v for k, v in entry.items() if k != "epoch"}
        )
        if self.best_epoch and epoch + 1 - self.best_epoch >= self.patience:
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Back to the best weights."""
        if self.best_epoch:
            self.model.set_weights(self._best)

    def _is_best(self, entry: dict[str, float]) -> bool:
        """Whether no epoch before was as good."""
        key, sign = f"validation_{self.monitor}", -1.0 if self.monitor == "loss" else 1.0
        return all(sign * entry[key] > sign * other[key] for other in self.history[:-1])

    def _save(self, folder: Path) -> None:
        if self.best_epoch == len(self.history):
            weights: dict[str, Any] = {str(i): weight for i, weight in enumerate(self._best)}
            np.savez(folder / "new.npz", **weights)
            (folder / "new.npz").replace(folder / "best.npz")
        text = json.dumps({"history": self.history, "best_epoch": self.best_epoch})
        (folder / "new.json").write_text(text)
        (folder / "new.json").replace(folder / "journal.json")


def backed_up(folder: Path) -> int:
    """How many epochs `BackupAndRestore` has stored below `folder`; one cut off while it was written is removed."""
    metadata = folder / BACKUP / "training_metadata.json"
    try:
        return int(json.loads(metadata.read_text())["epoch"])
    except OSError:
        return 0
    except (ValueError, KeyError):
        shutil.rmtree(folder / BACKUP)
        return 0


def own_folder(checkpoint: Path) -> Path:
    """Where this process keeps its state: workers that train together write at one time, so each has a folder."""
    worker = json.loads(os.environ.get("TF_CONFIG", "{}")).get("task", {}).get("index", 0)
    folder = checkpoint / f"worker-{worker}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
