"""Examples a second of fine-tuning, against a plain `Trainer` script with its defaults, and which part gives what.

`python -m benchmarks.finetune_throughput --store .sentibench`: TinyBERT size (4 layers, 312 wide) on COVID-19 tweets.
The plain script pads every text to the same 128 tokens and computes in float32; each next line adds one part to the
one before it, and the last is the recipe's own loop. All start from the same weights, see the same rows, and train in
a process of their own, in turn where there are `--rounds`. Tokenizing is no part of these times; what its cache saves
stands below.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.stats.rounds import ratio
from benchmarks.advantage import Advantage, shown

PARTS = (
    "plain Trainer",
    "padded to the longest of a batch",
    "batches of like length",
    "plain attention",
    "dropout of a byte an element",
    "bfloat16",
    "the recipe",
    "the recipe, compiled",
)
LIKE_LENGTH, PLAIN_ATTENTION, DROPOUT, BFLOAT16, RECIPE, COMPILED = 2, 3, 4, 5, 6, 7
LENGTH = 128
BATCH = 32
CHECKS = 2000
RATE = 3e-4


def main() -> None:
    """Time each line in a process of its own and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--backbone", default="tweets-tinybert4")
    parser.add_argument("--rows", type=int, default=6400)
    parser.add_argument("--epochs", type=int, default=1, help="More of them show whether the accuracies end equal.")
    parser.add_argument("--only", type=int, nargs="*", default=range(len(PARTS)), help="Lines by number, from 0.")
    parser.add_argument("--rounds", type=int, default=1, help="Six and more give intervals.")
    parser.add_argument("--part", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part is not None:
        print(json.dumps(timed(options)))
        return
    rounds = [{part: by_process(part) for part in options.only} for _ in range(options.rounds)]
    speeds = {part: [one[part]["speed"] for one in rounds] for part in options.only}
    first = speeds[options.only[0]]
    print("| | examples/s | ratio | validation accuracy | padding |\n|---|---|---|---|---|")
    for part, of in speeds.items():
        told = rounds[0][part]
        padding = "" if told["padding"] is None else f"{told['padding']:.0%}"
        cells = (PARTS[part], f"{median(of):.1f}", shown(ratio(of, first)), f"{told['accuracy']:.4f}", padding)
        print(f"| {' | '.join(cells)} |")
    print("\nencoding the {rows:,} texts: {anew:.2f} s, from the cache {cached:.2f} s".format(**encoding(options)))
    if {0, RECIPE} <= speeds.keys():
        print()
        print(Advantage("finetune", "a plain Trainer", "examples/s", ratio(speeds[RECIPE], speeds[0])))


def by_process(part: int) -> dict[str, Any]:
    """Train with the first `part` improvements, alone."""
    command = [sys.executable, "-m", "benchmarks.finetune_throughput", *sys.argv[1:], "--part", str(part)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def timed(options: argparse.Namespace) -> dict[str, float | None]:
    """Train with the first `part` improvements; examples/s, validation accuracy, padding share."""
    from transformers import set_seed

    from transformers_pt.backbones import load_classifier
    from transformers_pt.dropout import PLAIN, register_plain_attention, replace_dropout
    from transformers_pt.presets import backbone

    register_plain_attention()
    rows, checks, tokenizer = encoded(options)
    set_seed(0)
    attention = PLAIN if options.part >= PLAIN_ATTENTION else "sdpa"
    dropouts = dict.fromkeys(("hidden_dropout_prob", "attention_probs_dropout_prob"), 0.1)
    model = load_classifier(
        backbone(options.backbone), tuple("abcde"), True, False, attn_implementation=attention, **dropouts
    )
    if options.part >= DROPOUT:
        replace_dropout(model)
    if options.part >= RECIPE:
        return by_recipe(model, rows, checks, tokenizer, options)
    collate = Counting(tokenizer.pad_token_id, LENGTH if options.part == 0 else None)
    trainer = (grouped() if options.part >= LIKE_LENGTH else plain())(
        model, arguments(options.part >= BFLOAT16, options.epochs), collate, rows
    )
    started = time.perf_counter()
    trainer.train()
    speed = options.epochs * len(rows) / (time.perf_counter() - started)
    padding = collate.padding
    accuracy = float(np.mean(trainer.predict(checks).predictions.argmax(-1) == checks.labels))
    return {"speed": speed, "accuracy": accuracy, "padding": padding}


def by_recipe(
    model: Any, rows: Any, checks: Any, tokenizer: Any, options: argparse.Namespace
) -> dict[str, float | None]:
    """The loop of `finetune`, its clock and its scores; the padding is that of batches of like length."""
    from bench.api import STANDALONE
    from transformers_pt.device import prepare_device
    from transformers_pt.loop import fine_tune
    from transformers_pt.recipes.finetune import Finetune

    changes = {"learning_rate": RATE, "batch_size": BATCH, "compile": options.part == COMPILED}
    params = Finetune.defaults | changes | {"epochs": options.epochs, "patience": options.epochs}
    log = fine_tune(model, rows, checks, tokenizer, params, prepare_device(0, params, STANDALONE.device), STANDALONE)
    return {
        "speed": log.examples_per_second or 0.0,
        "accuracy": log.history[-1]["validation_accuracy"],
        "padding": None,
    }


def encoded(options: argparse.Namespace) -> tuple[Any, Any, Any]:
    """Rows to train and to check on, and the tokenizer."""
    from transformers_pt.batches import Rows

    encoder, train, validation = texts(options)
    rows = Rows(encoder(train.texts[: options.rows]), train.labels[: options.rows])
    checks = Rows(encoder(validation.texts[:CHECKS]), validation.labels[:CHECKS])
    return rows, checks.by_length(), encoder.tokenizer


def texts(options: argparse.Namespace) -> tuple[Any, Any, Any]:
    """The encoder, the train split and the validation split."""
    from bench.data import DatasetRef, prepare
    from transformers_pt.backbones import load_tokenizer, quiet
    from transformers_pt.encode import Encoder
    from transformers_pt.presets import backbone

    quiet()
    prepared = prepare(DatasetRef("covid19-5"), options.store / "prepared")
    found = backbone(options.backbone)
    encoder = Encoder(load_tokenizer(found.source), found.normalization, LENGTH)
    return encoder, prepared.train(), prepared.validation()


def encoding(options: argparse.Namespace) -> dict[str, float]:
    """Seconds to tokenize the rows, and to read them from the cache."""
    encoder, train, _ = texts(options)
    some = train.texts[: options.rows]
    with tempfile.TemporaryDirectory() as folder:
        seconds = []
        for _ in range(2):
            started = time.perf_counter()
            encoder.cached(some, Path(folder))
            seconds.append(time.perf_counter() - started)
    return {"rows": len(some), "anew": seconds[0], "cached": seconds[1]}


class Counting:
    """Pads to `length`, or to the longest of a batch where it is None, and counts what it added."""

    def __init__(self, pad_id: int, length: int | None) -> None:
        from transformers_pt.batches import Padding

        self.pad_id, self.length, self.collate = pad_id, length, Padding(pad_id)
        self.all = self.real = 0

    @property
    def padding(self) -> float:
        """Share of the input."""
        return 1 - self.real / self.all

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """Rows to tensors."""
        import torch

        batch = self.collate(rows)
        if self.length is not None:
            missing = self.length - batch["input_ids"].shape[1]
            for name, value in (("input_ids", self.pad_id), ("attention_mask", 0)):
                batch[name] = torch.nn.functional.pad(batch[name], (0, missing), value=value)
        self.all += batch["attention_mask"].numel()
        self.real += int(batch["attention_mask"].sum())
        return batch


def arguments(bf16: bool, epochs: int) -> Any:
    """The library's defaults but for the rate, which small encoders need."""
    from transformers import TrainingArguments

    return TrainingArguments(
        output_dir=tempfile.mkdtemp(), num_train_epochs=epochs, per_device_train_batch_size=BATCH,
        per_device_eval_batch_size=BATCH, learning_rate=RATE, bf16=bf16, use_cpu=True, report_to="none",
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


if __name__ == "__main__":
    main()
