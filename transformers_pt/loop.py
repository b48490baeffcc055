"""Fine-tuning a sequence classifier with Hugging Face's `Trainer`: batches of like length, best epoch on validation."""

from __future__ import annotations

import functools
import json
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils.memory import should_reduce_batch_size
from transformers import EarlyStoppingCallback, Trainer, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_pt_utils import LengthGroupedSampler
from transformers.trainer_utils import get_last_checkpoint

from bench.api import BenchError, DeviceUse, Params, RunContext, Training, epoch_scores, sigmoid, softmax
from transformers_pt.batches import Padding, Rows, TokenMasking
from transformers_pt.criterion import Criterion, label_loss
from transformers_pt.layers import parameter_groups
from transformers_pt.progress import SCORES, ProgressCallback

EVAL_BATCH = 128


def fine_tune(
    model: Any,
    train: Rows,
    validation: Rows,
    tokenizer: Any,
    params: Params,
    device: DeviceUse,
    context: RunContext,
) -> Training:
    """Train `model` in place and leave it with the weights of the epoch that is best on validation.

    Resumes from the last checkpoint, minutes old at most, of a killed run where the context has a folder for them. An
    empty `validation` means: exactly `epochs`, the last weights. `params` are those of the `finetune` recipe. With
    `auto_batch`, memory that runs out halves what is computed at once; the batch that a step learns from stays. A loss
    of NaN is a `BenchError`.
    """
    checkpoint = context.checkpoint
    folder = checkpoint or Path(tempfile.mkdtemp(prefix="sentibench-"))
    start = {name: value.clone() for name, value in model.state_dict().items()} if params["auto_batch"] else {}
    try:
        while True:
            trainer = _trainer(model, train, validation, tokenizer, params, device, folder, context)
            try:
                trainer.train(resume_from_checkpoint=_last_valid(checkpoint) if checkpoint else None)
                return _training(trainer, device)
            except RuntimeError as error:
                if not (start and should_reduce_batch_size(error) and trainer._train_batch_size > 1):
                    raise
            params = dict(params) | {"accumulation": 2 * params["accumulation"]}
            model.load_state_dict(start)
    finally:
        if checkpoint is None:
            shutil.rmtree(folder, ignore_errors=True)


def _last_valid(folder: Path) -> str | None:
    """The last checkpoint to go on from; one that a kill has torn is removed: `Trainer` writes its state last."""
    while folder.is_dir() and (latest := get_last_checkpoint(str(folder))):
        try:
            json.loads((Path(latest) / TRAINER_STATE_NAME).read_text(encoding="utf-8"))
            return str(latest)
        except (OSError, ValueError):
            shutil.rmtree(latest, ignore_errors=True)  # another rank may be at it
    return None


def _trainer(
    model: Any,
    train: Rows,
    validation: Rows,
    tokenizer: Any,
    params: Params,
    device: DeviceUse,
    folder: Path,
    context: RunContext,
) -> Classifying:
    progress = ProgressCallback(train.n_texts, context)
    callbacks: list[Any] = [progress]
    if len(validation):
        callbacks.append(EarlyStoppingCallback(params["patience"]))
    arguments, checks = _arguments(folder, bool(len(validation)), params, device), validation.by_length()
    trainer = Classifying(
        model, arguments, Padding(tokenizer.pad_token_id), train, checks if len(checks) else None,
        compute_metrics=functools.partial(_scores, checks), callbacks=callbacks,
    )  # fmt: skip
    trainer.params, trainer.criterion = params, Criterion.of(train, model.config.num_labels, params)
    trainer.progress = progress
    if params["token_masking"]:
        if tokenizer.mask_token_id is None:
            raise BenchError("token_masking: the tokenizer of this backbone has no mask token; give 0")
        special = tuple(tokenizer.all_special_ids)
        trainer.token_masking = TokenMasking(tokenizer.mask_token_id, special, params["token_masking"])
    return trainer


def _scores(rows: Rows, predicted: Any) -> dict[str, float]:
    """Of what `Trainer` has predicted of these rows: logits [n, labels], alone or first of several, and their labels.

    A text in several rows counts once, by their mean probabilities. The loss, which `Trainer` adds, is by row.
    """
    logits, labels = predicted
    logits = logits[0] if isinstance(logits, tuple) else logits
    if rows.texts is not None:
        several = labels.ndim == 2
        probabilities, labels = rows.by_text((sigmoid if several else softmax)(logits))
        logits = np.log(np.maximum(probabilities, 1e-12))
        if several:
            logits -= np.log(np.maximum(1 - probabilities, 1e-12))
    scores = epoch_scores(logits, labels)
    return {name: value for name, value in scores.items() if name != "loss"}  # `Trainer` has its own


def _arguments(folder: Path, validated: bool, params: Params, device: DeviceUse) -> TrainingArguments:
    batch = max(1, params["batch_size"] // (device.replicas * params["accumulation"]))
    every = "epoch" if validated else "no"
    # logging_nan_inf_filter would log the last finite loss for a NaN; NCCL, the default backend, has no CPU.
    return TrainingArguments(
        output_dir=str(folder), num_train_epochs=params["epochs"], per_device_train_batch_size=batch,
        per_device_eval_batch_size=EVAL_BATCH, gradient_accumulation_steps=params["accumulation"],
        learning_rate=params["learning_rate"], weight_decay=params["weight_decay"], warmup_steps=params["warmup"],
        lr_scheduler_type=params["scheduler"], optim="adamw_torch_fused", max_grad_norm=1.0, adam_epsilon=1e-6,
        bf16=device.dtype == "bfloat16", fp16=device.dtype == "float16", use_cpu=device.actual == "cpu",
        activation_checkpointing=params["gradient_checkpointing"], torch_compile=params["compile"],
        ddp_backend="gloo" if device.replicas > 1 and device.actual == "cpu" else None,
        fsdp=params["fsdp"], eval_strategy=every, save_strategy=every, logging_strategy="epoch", save_total_limit=1,
        load_best_model_at_end=validated, metric_for_best_model=params["monitor"],
        greater_is_better=params["monitor"] != "loss", logging_nan_inf_filter=False, report_to="none",
        disable_tqdm=True, remove_unused_columns=False, dataloader_pin_memory=device.actual != "cpu",
        seed=torch.initial_seed() % 2**32,  # `Trainer` seeds again: with what `prepare_device` has set
    )  # fmt: skip


class ShuffledByLength(LengthGroupedSampler):
    """Batches of like length in an order that seed and epoch alone decide, so that a resumed epoch is the same one."""

    def __init__(self, batch_size: int, lengths: list[int], seed: int, epochs: Callable[[], float]) -> None:
        """`epochs` says how many have been trained so far."""
        super().__init__(batch_size, lengths=lengths, generator=torch.Generator())
        self.seed, self.epochs = seed, epochs

    def __iter__(self) -> Iterator[int]:
        epoch = int(self.epochs() + 1e-6)  # of one that is resumed in its middle, the whole number
        self.generator.manual_seed(int(np.random.SeedSequence([self.seed, epoch]).generate_state(1)[0]))
        return iter(list(super().__iter__()))


class Classifying(Trainer):
    """`Trainer` with batches of like length, discriminative rates, and a loss that stops when it is no number."""

    params: Params
    criterion: Criterion
    progress: ProgressCallback
    loss_is_scaled_for_ga = False
    """`compute_loss` gives the mean of a part, and `Trainer` the mean of the parts, whatever `forward` takes."""
    token_masking: TokenMasking | None = None

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        rows: Any = train_dataset or self.train_dataset
        # `Trainer`'s own sampler would encode every row to learn its length.
        size = self._train_batch_size * self.args.gradient_accumulation_steps * self.args.world_size
        return ShuffledByLength(size, [len(row) for row in rows.ids], self.args.seed, lambda: self.state.epoch or 0.0)

    def create_optimizer(self, model: Any = None) -> Any:
        """AdamW over groups of layers: `layer_decay` lowers the rate with each layer below the head."""
        if self.optimizer is None:
            groups = parameter_groups(self.model, self.params)
            kind, options = self.get_optimizer_cls_and_kwargs(self.args)
            self.optimizer = kind(groups, **options)
        return self.optimizer

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The criterion's, and what a model adds itself (`outputs.loss`), in training; plain in evaluation."""
        labels, ids = inputs["labels"], inputs["input_ids"]
        if model.training and self.token_masking is not None:
            ids = self.token_masking(ids)
        outputs = model(input_ids=ids, attention_mask=inputs["attention_mask"])
        logits = outputs.logits.float()
        if not model.training:
            loss = label_loss(logits, labels)
            return (loss, outputs) if return_outputs else loss
        loss = self.criterion(logits, inputs)
        if outputs.loss is not None:
            loss = loss + outputs.loss
        value = loss.item()
        if not math.isfinite(value):
            raise BenchError(self._divergence())
        self.progress.loss = value if math.isnan(self.progress.loss) else 0.95 * self.progress.loss + 0.05 * value
        return (loss, outputs) if return_outputs else loss

    def _divergence(self) -> str:
        epochs = [entry["epoch"] for entry in self.state.log_history if "eval_loss" in entry]
        saved = f"the weights of epoch {epochs[-1]:g} stay in {self.args.output_dir}" if epochs else "nothing was saved"
        step, rate = self.state.global_step + 1, self.params["learning_rate"]
        return f"the loss became NaN or infinite at step {step}: lower learning_rate (it is {rate:g}); {saved}"


def _training(trainer: Any, device: DeviceUse) -> Training:
    history = []
    for entry in trainer.state.log_history:
        if "loss" in entry:
            history.append(
                {"epoch": round(entry["epoch"], 3), "loss": entry["loss"], "learning_rate": entry["learning_rate"]}
            )
        elif "eval_loss" in entry and history:
            history[-1] |= {f"validation_{k[5:]}": v for k, v in entry.items() if k[5:] in SCORES}
    best = trainer.state.best_metric
    key = f"validation_{trainer.params['monitor']}"
    best_epochs = [i for i, entry in enumerate(history, start=1) if best is not None and entry.get(key) == best]
    return Training(
        examples_per_second=trainer.progress.examples_per_second,
        epochs_run=len(history),
        best_epoch=best_epochs[0] if best_epochs else len(history),
        history=history,
        device=replace(
            device,
            batch_per_replica=trainer._train_batch_size * trainer.args.gradient_accumulation_steps,
            accumulation=trainer.args.gradient_accumulation_steps,
        ),
    )
