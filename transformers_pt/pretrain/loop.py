"""The pretraining loop: Hugging Face's `Trainer` over packed blocks, for any objective."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import get_last_checkpoint

from bench.api import BenchError
from transformers_pt.pretrain.blocks import Blocks, Masking
from transformers_pt.pretrain.objectives import Objective, masked_loss

CALIBRATION_STEPS = 12
CHECKPOINTS = "training"
"""The folder, beside the outcome, that an interrupted pretraining resumes from."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn."""

    steps: int | None
    minutes: float | None
    """Measured into steps before the first one, where `steps` is None."""
    batch: int
    learning_rate: float
    weight_decay: float = 0.01
    warmup: float = 0.06
    """Share of the steps, after which the rate falls in a line to zero."""
    seed: int = 0
    bf16: bool = True


@dataclass(frozen=True)
class Pretraining:
    """What a pretraining has done; the card stores it."""

    steps: int
    tokens: int
    seconds: float | None
    """Of this process, which began at step `resumed_at`."""
    resumed_at: int | None
    tokens_per_second: float | None
    history: list[dict[str, float]]
    """`step`, `loss` and `learning_rate`, every 50 steps."""
    validation_loss: float
    """Nats, of held-out text."""


class BlockRows(torch.utils.data.Dataset[np.ndarray]):
    """Rows of packed blocks."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks

    def __len__(self) -> int:
        return len(self.blocks)

    def __getitem__(self, index: int) -> np.ndarray:
        return np.asarray(self.blocks[index])


class PretrainingTrainer(Trainer):
    """`Trainer` with an objective of ours.

    Objectives call parts of the model, not the model that Accelerate wraps: the precision is set here.
    """

    objective: Objective

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Mean loss of the batch."""
        with self.accelerator.autocast():
            return self.objective(self.accelerator.unwrap_model(model), inputs)


def pretrain(
    model: Any,
    train: Blocks,
    held_out: Blocks,
    masking: Masking,
    schedule: Schedule,
    out_dir: Path,
    objective: Objective = masked_loss,
) -> Pretraining:
    """Train `model` in place; resumes from `out_dir/training` where a run was interrupted."""
    cuda = torch.cuda.is_available()
    torch.manual_seed(schedule.seed)
    resume, planned_steps = _last_checkpoint(out_dir / CHECKPOINTS)
    steps = schedule.steps or planned_steps or _steps_in(model, train, masking, schedule, objective)
    arguments = TrainingArguments(
        output_dir=str(out_dir / CHECKPOINTS), max_steps=steps, per_device_train_batch_size=schedule.batch,
        learning_rate=schedule.learning_rate, weight_decay=schedule.weight_decay, adam_beta2=0.98, adam_epsilon=1e-6,
        warmup_steps=schedule.warmup, lr_scheduler_type="linear", optim="adamw_torch_fused", bf16=schedule.bf16,
        use_cpu=not cuda, seed=schedule.seed, save_steps=max(50, steps // 20), save_total_limit=1, logging_steps=50,
        report_to="none", remove_unused_columns=False, dataloader_pin_memory=cuda,
    )  # fmt: skip
    clock = _Clock()
    trainer = PretrainingTrainer(model, arguments, masking, BlockRows(train), callbacks=[clock])
    trainer.objective = objective
    trainer.train(resume_from_checkpoint=resume)
    history = [entry for entry in trainer.state.log_history if "loss" in entry]
    if not all(math.isfinite(entry["loss"]) for entry in history):
        raise BenchError(f"the loss became NaN or infinite: lower --learning-rate (it is {schedule.learning_rate:g})")
    return Pretraining(
        steps=steps,
        tokens=steps * schedule.batch * train.shape[1],
        seconds=clock.seconds,
        resumed_at=steps - clock.steps if resume else None,
        tokens_per_second=schedule.batch * train.shape[1] / clock.usual_step,
        history=[{key: entry[key] for key in ("step", "loss", "learning_rate")} for entry in history],
        validation_loss=validation_loss(model, held_out, masking, schedule.batch, objective),
    )


class _Clock(TrainerCallback):
    """Seconds and steps of this process, without what a killed one before it did."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self._last = 0.0

    @property
    def steps(self) -> int:
        """How many."""
        return len(self.taken)

    @property
    def seconds(self) -> float:
        """In steps."""
        return sum(self.taken)

    @property
    def usual_step(self) -> float:
        """The median, seconds: a process that was paused for a while is not a slow one."""
        return float(np.median(self.taken))

    def on_step_begin(self, args: Any, state: Any, control: Any, **unused: Any) -> None:
        self._last = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **unused: Any) -> None:
        self.taken.append(time.perf_counter() - self._last)


def validation_loss(model: Any, blocks: Blocks, masking: Masking, batch: int, objective: Objective) -> float:
    """Mean loss of `blocks`, masked the same at every call."""
    losses = []
    device = next(model.parameters()).device
    model.eval()
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        for start in range(0, len(blocks), batch):
            inputs = {k: v.to(device) for k, v in masking(list(blocks[start : start + batch])).items()}
            losses.append(float(objective(model, inputs)))
    return float(np.mean(losses))


def _steps_in(model: Any, train: Blocks, masking: Masking, schedule: Schedule, objective: Objective) -> int:
    """How many steps the minutes hold on this machine: the median of a few real ones, forward and backward."""
    if schedule.minutes is None:
        raise BenchError("give the length of the pretraining: --minutes or --steps")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device)
    taken = []
    for step in range(CALIBRATION_STEPS):
        rows = np.arange(step * schedule.batch, (step + 1) * schedule.batch) % len(train)
        inputs = {k: v.to(device) for k, v in masking(list(train[rows])).items()}
        started = time.perf_counter()
        with torch.autocast(device, torch.bfloat16, enabled=schedule.bf16):
            loss = objective(model, inputs)
        loss.backward()
        loss.item()
        taken.append(time.perf_counter() - started)
    model.zero_grad()
    return max(20, int(schedule.minutes * 60 / (1.1 * float(np.median(taken[2:])))))  # a tenth for the optimizer


def _last_checkpoint(folder: Path) -> tuple[str | None, int | None]:
    """That of an interrupted run, and the number of steps it was planned for: its learning rates depend on that."""
    checkpoint = get_last_checkpoint(str(folder)) if folder.is_dir() else None
    if checkpoint is None:
        return None, None
    return checkpoint, int(json.loads((Path(checkpoint) / TRAINER_STATE_NAME).read_text(encoding="utf-8"))["max_steps"])
