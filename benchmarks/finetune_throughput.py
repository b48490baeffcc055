"""Examples a second of fine-tuning, against a plain `Trainer` script with its defaults, and which part gives what.

`python -m benchmarks.finetune_throughput --store .sentibench`: TinyBERT size (4 layers, 312 wide) on COVID-19 tweets.
The plain script pads every text to the same 128 pieces and computes in float32; each next line adds one part to the
one before it. All start from the same weights and see the same rows in one process each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

PARTS = ("plain Trainer", "padded to the longest of a batch", "batches of like length", "plain attention", "bfloat16")
LENGTH = 128
BATCH = 32
CHECKS = 1000


def main() -> None:
    """Time each line in a process of its own and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--backbone", default="tweets-tiny", help="whose tokenizer is used; the weights are random")
    parser.add_argument("--rows", type=int, default=3200)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--part", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part is not None:
        print(json.dumps(timed(options)))
        return
    base = None
    print(f"{'':36} examples/s  ratio  validation accuracy")
    for part, name in enumerate(PARTS):
        command = [sys.executable, "-m", "benchmarks.finetune_throughput", *sys.argv[1:], "--part", str(part)]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        base = base or told["speed"]
        print(f"{name:36} {told['speed']:10.1f} {told['speed'] / base:6.2f}  {told['accuracy']:.4f}", flush=True)


def timed(options: argparse.Namespace) -> dict[str, float]:
    """Train with the first `part` improvements; examples/s of the training, and accuracy on validation."""
    from transformers import BertForSequenceClassification, set_seed

    from transformers_pt.loop import Padding

    part = options.part
    rows, checks, pad_id, pieces = encoded(options)
    set_seed(0)
    model = BertForSequenceClassification(configuration(pieces, "eager" if part >= 3 else "sdpa"))
    collate = Padding(pad_id)
    trainer = (grouped() if part >= 2 else plain())(
        model, arguments(options.epochs, part >= 4), collate if part >= 1 else fixed(collate, pad_id), rows, checks
    )
    started = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - started
    accuracy = float(np.mean(trainer.predict(checks).predictions.argmax(-1) == checks.labels))
    return {"speed": len(rows) * options.epochs / seconds, "accuracy": accuracy}


def encoded(options: argparse.Namespace) -> tuple[Any, Any, int, int]:
    """Rows to train and to check on, the padding's id, the size of the vocabulary."""
    from bench.data import DatasetRef, prepare
    from transformers_pt.backbones import load_tokenizer, quiet
    from transformers_pt.encode import Encoder
    from transformers_pt.loop import Rows
    from transformers_pt.presets import backbone

    quiet()
    prepared = prepare(DatasetRef("covid19-5"), options.store / "prepared")
    found = backbone(options.backbone)
    tokenizer = load_tokenizer(found.source)
    encoder = Encoder(tokenizer, found.normalization, LENGTH)
    train, validation = prepared.train(), prepared.validation()
    rows = Rows(encoder.cached(train.texts[: options.rows]), train.labels[: options.rows])
    checks = Rows(encoder.cached(validation.texts[:CHECKS]), validation.labels[:CHECKS])
    return rows, checks.by_length(), tokenizer.pad_token_id, len(tokenizer)


def configuration(pieces: int, attention: str) -> Any:
    """TinyBERT's: 4 layers, 312 wide, 12 heads; five labels."""
    from transformers import BertConfig

    return BertConfig(
        vocab_size=pieces, num_hidden_layers=4, hidden_size=312, num_attention_heads=12, intermediate_size=1200,
        max_position_embeddings=LENGTH, num_labels=5, attn_implementation=attention,
    )  # fmt: skip


def arguments(epochs: int, bf16: bool) -> Any:
    """The library's defaults but for the rate, which random weights need."""
    from transformers import TrainingArguments

    return TrainingArguments(
        output_dir=tempfile.mkdtemp(), num_train_epochs=epochs, per_device_train_batch_size=BATCH,
        per_device_eval_batch_size=BATCH, learning_rate=5e-4, bf16=bf16, use_cpu=True, report_to="none",
        save_strategy="no", disable_tqdm=True, remove_unused_columns=False, dataloader_pin_memory=False,
    )  # fmt: skip


def plain() -> Any:
    """`Trainer` as it comes."""
    from transformers import Trainer

    return Trainer


def grouped() -> Any:
    """`Trainer` with batches of like length."""
    from transformers import Trainer
    from transformers.trainer_pt_utils import LengthGroupedSampler

    class Grouped(Trainer):
        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return LengthGroupedSampler(BATCH, lengths=[len(ids) for ids in self.train_dataset.ids])

    return Grouped


def fixed(collate: Any, pad_id: int) -> Any:
    """Every batch padded to `LENGTH`."""
    import torch

    def padded(rows: list[dict[str, Any]]) -> dict[str, Any]:
        batch = collate(rows)
        missing = LENGTH - batch["input_ids"].shape[1]
        for name, value in (("input_ids", pad_id), ("attention_mask", 0)):
            batch[name] = torch.nn.functional.pad(batch[name], (0, missing), value=value)
        return batch

    return padded


if __name__ == "__main__":
    main()
