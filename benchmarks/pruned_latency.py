"""Milliseconds that a head and a neuron take, by their weights: does `prune` choose alike by weights and by time?

`python -m benchmarks.pruned_latency`: `prune` cuts what matters least for its weights. Latency-aware pruning (ZipLM,
Kurtic et al., 2023) cuts what matters least for its time instead; the two differ where a weight of a head and one of a
neuron take unlike time. An encoder of MiniLM-6's size, of random weights, with half of its heads, half of its neurons
or neither, answers single texts of validation and batches of 32 in rounds, in the runtimes for int8.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from typing import Any

from bench.api import Compression, Predictor, load_artifact
from bench.data import DatasetRef, prepare
from bench.data.prepared import Prepared
from bench.registry import load_recipe
from bench.stats.rounds import median_interval
from benchmarks.advantage import shown
from benchmarks.int8_speed import write_card

LAYERS, WIDTH, HEADS, NEURONS = 6, 384, 12, 1536
SHAPES = {"whole": (HEADS, NEURONS), "half the heads": (HEADS // 2, NEURONS), "half the neurons": (HEADS, NEURONS // 2)}
RUNTIMES = {"ONNX Runtime, int8": {"to": "onnx-int8"}, "OpenVINO, int8": {"to": "openvino-int8"}}
TEXTS, BATCH = 200, 32


def main() -> None:
    """Make the encoders, time them in rounds and print what a weight of each kind takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--dataset", default="emotions")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    prepared = prepare(DatasetRef(options.dataset), options.store / "prepared")
    texts = prepared.validation().texts[:TEXTS]
    print("| runtime | texts | a million weights of heads, ms | of neurons, ms | heads to neurons |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as root:
        for runtime, changes in RUNTIMES.items():
            models, weights = {}, {}
            for shape in SHAPES:
                folder = Path(root) / runtime / shape
                weights[shape] = encoder(folder / "parent", prepared, *SHAPES[shape])
                models[shape] = child(folder, prepared, changes)
            for size in (1, BATCH):
                rounds = [
                    {shape: milliseconds(model, texts, size) for shape, model in models.items()}
                    for _ in range(options.rounds)
                ]
                heads, neurons = (
                    [1e6 * (one["whole"] - one[cut]) / (weights["whole"] - weights[cut]) for one in rounds]
                    for cut in ("half the heads", "half the neurons")
                )
                ratio = median_interval([a / b for a, b in zip(heads, neurons, strict=True)])
                cells = (runtime, "one by one" if size == 1 else f"{size} a batch", median(heads), median(neurons))
                print(f"| {cells[0]} | {cells[1]} | {cells[2]:.3f} | {cells[3]:.3f} | {shown(ratio)} |", flush=True)


def encoder(folder: Path, prepared: Prepared, heads: int, neurons: int) -> int:
    """An artifact of `finetune` that no text has taught, cut to that many of each layer; the weights of its layers."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from compression.shrink import Units, block_weights, cut, shapes
    from transformers_pt.artifact import save_artifact
    from transformers_pt.backbones import load_tokenizer
    from transformers_pt.encode import Encoder
    from transformers_pt.presets import backbone

    torch.manual_seed(0)
    labels = list(prepared.label_names)
    tokens = load_tokenizer(backbone("tweets-tinybert4", None).source)
    config = BertConfig(
        vocab_size=len(tokens), hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=NEURONS, num_labels=len(labels),
    )  # fmt: skip
    model: Any = BertForSequenceClassification(config)
    cut(model, [Units([*range(heads)], [*range(neurons)])] * LAYERS)
    folder.mkdir(parents=True)
    facts: Any = {"label_names": labels, "pooling": "head", "pretrained": False, "shapes": shapes(model)}
    save_artifact(folder, model, Encoder(tokens, "plain-2", 128), facts)
    write_card(folder, "finetune", labels)
    return block_weights(model)


def child(folder: Path, prepared: Prepared, changes: dict[str, str]) -> Predictor:
    """The parent beside it, quantized and loaded."""
    recipe = load_recipe("quantize")
    assert isinstance(recipe, Compression)
    out = folder / "child"
    out.mkdir()
    params = recipe.defaults | changes
    with redirect_stdout(sys.stderr):  # progress of the libraries
        recipe.compress([folder / "parent"], prepared.train(), prepared.validation(), params, 0, out)
    write_card(out, "quantize", list(prepared.label_names))
    return load_artifact(out)


def milliseconds(model: Predictor, texts: list[str], size: int) -> float:
    """Of a call with that many texts, the median; the texts in the same order each time."""
    taken = []
    for start in range(0, len(texts) - size + 1, size):
        started = time.perf_counter()
        model.predict_proba(texts[start : start + size])
        taken.append(1e3 * (time.perf_counter() - started))
    return median(taken)


if __name__ == "__main__":
    main()
