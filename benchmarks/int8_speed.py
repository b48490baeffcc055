"""Texts a second of an encoder of DistilBERT's size (6 × 768) in int8, against PyTorch in float32, eager.

`python -m benchmarks.int8_speed --dataset emotions`: the weights are random, as speed does not depend on them, so this
says nothing of quality. Each runtime answers batches of 32 validation texts, tokenization included, in a process of its
own, in rounds: medians of them, and of the ratios within each, with their interval. Files are those of the artifacts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median

from bench.api import Compression, load_artifact
from bench.data import DatasetRef, prepare
from bench.data.prepared import Prepared
from bench.registry import load_recipe
from bench.stats.rounds import ratio
from benchmarks.advantage import Advantage, shown

BATCH = 32
CHILDREN = {
    "ONNX Runtime, float32": ("export", {"to": "onnx"}),
    "OpenVINO, float32": ("export", {"to": "openvino"}),
    "PyTorch, compiled, float32": ("export", {"to": "aotinductor"}),
    "PyTorch, int8": ("quantize", {"to": "torch-int8"}),
    "PyTorch, compiled, int8 (torchao)": ("quantize", {"to": "torchao-int8"}),
    "ONNX Runtime, int8, dynamic": ("quantize", {"to": "onnx-int8"}),
    "ONNX Runtime, int8, static": ("quantize", {"to": "onnx-static-int8"}),
    "OpenVINO, int8": ("quantize", {"to": "openvino-int8"}),
}


def main() -> None:
    """Make the children, time them all and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--dataset", default="emotions")
    parser.add_argument("--tokenizer", default="tweets-tinybert4", help="a folder, or a checkpoint of the project")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each runtime in a round")
    parser.add_argument("--time", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    prepared = prepare(DatasetRef(options.dataset), options.store / "prepared")
    if options.time:
        print(texts_per_second(options.time, prepared.validation().texts, options.seconds))
        return
    with tempfile.TemporaryDirectory() as root:
        folders = artifacts(Path(root), prepared, options.tokenizer)
        rounds = [{name: timed(folder) for name, folder in folders.items()} for _ in range(options.rounds)]
        report(folders, rounds)


def artifacts(root: Path, prepared: Prepared, tokenizer: str) -> dict[str, Path]:
    """The encoder and its children, by name."""
    train, labels = prepared.train(), list(prepared.label_names)
    parent = random_encoder(root / "parent", labels, tokenizer)
    folders = {"PyTorch, float32, eager": parent}
    for name, (recipe_name, changes) in CHILDREN.items():
        recipe = load_recipe(recipe_name)
        assert isinstance(recipe, Compression)
        folders[name] = root / recipe_name / str(len(folders))
        folders[name].mkdir(parents=True)
        with redirect_stdout(sys.stderr):  # progress of the libraries
            recipe.compress([parent], train, prepared.validation(), recipe.defaults | changes, 0, folders[name])
        write_card(folders[name], recipe_name, labels)
    return folders


def random_encoder(folder: Path, labels: list[str], tokenizer: str) -> Path:
    """An artifact of `finetune` that no text has taught."""
    import torch
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    from transformers_pt.artifact import save_artifact
    from transformers_pt.backbones import load_tokenizer
    from transformers_pt.encode import Encoder
    from transformers_pt.presets import backbone

    torch.manual_seed(0)
    tokens = load_tokenizer(backbone(tokenizer, None).source)
    config = DistilBertConfig(vocab_size=len(tokens), num_labels=len(labels))
    folder.mkdir()
    facts = {"label_names": labels, "pooling": "head", "pretrained": False}
    save_artifact(folder, DistilBertForSequenceClassification(config), Encoder(tokens, "plain-2", 128), facts)
    write_card(folder, "finetune", labels)
    return folder


def write_card(folder: Path, layout: str, labels: list[str]) -> None:
    """What the harness adds to an artifact."""
    (folder / "artifact.json").write_text(json.dumps({"recipe": layout, "layout": layout, "label_names": labels}))


def timed(folder: Path) -> float:
    """Texts a second, by a new process."""
    command = [sys.executable, "-m", "benchmarks.int8_speed", *sys.argv[1:], "--time", str(folder)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def texts_per_second(folder: Path, texts: list[str], time_s: float) -> float:
    """Over as many batches as fit the time, after a tenth of it to warm up."""
    predictor = load_artifact(folder)
    batches = [texts[start : start + BATCH] for start in range(0, len(texts) - BATCH, BATCH)]
    for seconds in (time_s / 10, time_s):
        started, done = time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            predictor.predict_proba(batches[done % len(batches)])
            done += 1
    return done * BATCH / (time.perf_counter() - started)


def report(folders: dict[str, Path], rounds: list[dict[str, float]]) -> None:
    """Texts a second, ratio, megabytes, share of the float32 file."""
    speeds = {name: [one[name] for one in rounds] for name in folders}
    sizes = {name: sum(p.stat().st_size for p in folder.iterdir()) for name, folder in folders.items()}
    first = next(iter(folders))
    print("| | texts/s | ratio | MB | of float32 |")
    print("|---|---|---|---|---|")
    for name, of in speeds.items():
        times = shown(ratio(of, speeds[first]))
        print(f"| {name} | {median(of):.1f} | {times} | {sizes[name] / 1e6:.1f} | {sizes[name] / sizes[first]:.0%} |")
    print()
    for name in [name for name in speeds if "int8" in name]:
        ours = name.replace(", int8", "").replace(",", "")
        print(Advantage(f"int8 by {ours}", "PyTorch's eager float32", "texts/s", ratio(speeds[name], speeds[first])))


if __name__ == "__main__":
    main()
