"""`bench compress` beside Microsoft Olive: what both make of one encoder in as many minutes, as Pareto sets.

    python -m venv theirs
    theirs/bin/pip install olive-ai==0.11.0 torch==2.13.0 transformers==5.23.0 onnxruntime onnxscript datasets \\
        torchmetrics
    python -m benchmarks.peer_olive RUN --python theirs/bin/python --minutes 15 --figure docs/images/peer-olive.png

In Olive 0.13 every trial after the first fails (a field of its records has another name), so 0.11 is taken. The run is
of `finetune` with `pooling=head`, which Olive reads as a Hugging Face folder. Olive searches jointly, by TPE, over its
passes for ONNX Runtime: graph fusion for BERT, then dynamic or static quantization with their parameters; accuracy,
latency and size are its objectives, on the first 500 texts of validation. `bench compress` takes its default steps,
pruning and quantization to any runtime. What each had begun in time is then judged alike: accuracy on all texts of
validation, the median time of single texts in rounds over all models, the bytes of model and tokenizer. No test text is
read here. `--only search` and `--only judge` take the two apart: the second wants an idle machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from bench.api import load_artifact
from bench.registry import load_recipe
from bench.run.remeasure import StoredRun, stored_run
from bench.stats.rounds import Estimate, ratio
from bench.store import Store
from benchmarks.advantage import Advantage
from benchmarks.int8_speed import write_card

OLIVE_TEXTS = 500
"""Of validation, by which Olive judges: it pads them all to the longest."""
NAMED = ("quant_mode", "precision", "per_channel", "reduce_range")
"""What tells Olive's models apart."""
TIMED = 200
"""Single texts of a round."""
ROUNDS = 6
POINT = 0.01
"""Of accuracy on validation, that the models compared at last may be off the best."""
COSTS = ("p50", "size")
"""By which they are compared."""


@dataclass
class Candidate:
    """A model that one of the two has made."""

    side: str
    name: str
    folder: Path
    accuracy: float = 0.0
    size: int = 0
    p50_ms: list[float] = field(default_factory=list)

    @property
    def costs(self) -> tuple[float, float, float]:
        """All to be small."""
        return -self.accuracy, self.size, self.p50

    @property
    def p50(self) -> float:
        """Milliseconds, of all rounds."""
        return float(np.median(self.p50_ms))


def main() -> None:
    """Search, judge, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--python", default=sys.executable, help="of the environment with Olive")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--work", type=Path, default=Path("olive"), help="what both have made, kept")
    parser.add_argument("--only", choices=("search", "judge"))
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    run = stored_run(Store(options.store), options.run)
    if options.only != "judge":
        options.work.mkdir(parents=True, exist_ok=True)
        search_olive(run, options)
        search_ours(options)
    if options.only != "search":
        report(judged([*ours(options), *olives(run, options)], run), options)


def search_ours(options: argparse.Namespace) -> None:
    """As a user would: any size, any drop, so that the whole front is kept."""
    command = [sys.executable, "-m", "bench", "compress", options.run, "--store", str(options.store)]
    bounds = ["--target", "size<=1GB", "--max-drop", "0.99", "--trials", "1000", "--minutes", str(options.minutes)]
    started = time.monotonic()
    subprocess.run([*command, *bounds], check=True, stdout=sys.stderr)
    print(
        f"bench compress: {(time.monotonic() - started) / 60:.1f} minutes, its front trained and timed as rows included"
    )


def search_olive(run: StoredRun, options: argparse.Namespace) -> None:
    """Its own command, on the run as a Hugging Face folder."""
    work: Path = options.work.resolve()
    parent, validation = work / "parent", run.prepared.validation()
    if not parent.exists():
        export = ["export-model", options.run, "--to", "hf-folder", "--out", str(parent), "--store", str(options.store)]
        subprocess.run([sys.executable, "-m", "bench", *export], check=True, stdout=sys.stderr)
    for name, texts, labels in (
        ("validation", validation.texts[:OLIVE_TEXTS], validation.labels[:OLIVE_TEXTS]),
        ("calibration", run.prepared.train().texts[:OLIVE_TEXTS], run.prepared.train().labels[:OLIVE_TEXTS]),
    ):
        lines = [json.dumps({"text": text, "label": int(label)}) for text, label in zip(texts, labels, strict=True)]
        (work / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    config = work / "olive.json"
    config.write_text(json.dumps(workflow(work, len(run.prepared.label_names), options.minutes), indent=1))
    started = time.monotonic()
    subprocess.run([options.python, "-m", "olive", "run", "--config", str(config)], check=True, stdout=sys.stderr)
    print(f"Olive: {(time.monotonic() - started) / 60:.1f} minutes")


def workflow(work: Path, labels: int, minutes: float) -> dict[str, Any]:
    """Olive's, after its published examples for BERT on a CPU."""

    def data(name: str) -> dict[str, Any]:
        return {
            "name": name, "type": "HuggingfaceContainer",
            "model_name": str(work / "parent"), "task": "text-classification",
            "load_dataset_config": {"data_name": "json", "data_files": str(work / f"{name}.jsonl"), "split": "train"},
            "pre_process_data_config": {"input_cols": ["text"], "label_col": "label", "max_samples": OLIVE_TEXTS},
            "dataloader_config": {"batch_size": 1},
        }  # fmt: skip

    accuracy = {"name": "accuracy_score", "priority": 1, "metric_config": {"task": "multiclass", "num_classes": labels}}
    metrics = [
        {"name": "accuracy", "type": "accuracy", "sub_types": [accuracy], "data_config": "validation"},
        {
            "name": "latency",
            "type": "latency",
            "sub_types": [{"name": "avg", "priority": 2}],
            "data_config": "validation",
        },
        {"name": "size", "type": "size_on_disk", "sub_types": [{"name": "bytes", "priority": 3}]},
    ]
    metrics[0]["sub_types"][0]["higher_is_better"] = True  # type: ignore[index]
    names = ["input_ids", "attention_mask"]
    axes = {name: {"0": "batch", "1": "length"} for name in names}
    inputs = {
        "input_names": names, "input_types": ["int64", "int64"], "input_shapes": [[2, 16], [2, 16]],
        "output_names": ["logits"], "dynamic_axes": {**axes, "logits": {"0": "batch"}},
    }  # fmt: skip
    model = {
        "type": "HfModel", "model_path": str(work / "parent"), "task": "text-classification", "io_config": inputs,
    }  # fmt: skip
    cpu = {"device": "cpu", "execution_providers": ["CPUExecutionProvider"]}
    return {
        "input_model": model,
        "systems": {"here": {"type": "LocalSystem", "accelerators": [cpu]}},
        "data_configs": [data("validation"), data("calibration")],
        "evaluators": {"judge": {"type": "OnnxEvaluator", "metrics": metrics}},
        "passes": {
            "conversion": {"type": "OnnxConversion"},
            "fusion": {"type": "OrtTransformersOptimization", "model_type": "bert", "opt_level": 0},
            "quantization": {"type": "OnnxQuantization", "data_config": "calibration"},
        },
        "search_strategy": {
            "execution_order": "joint", "sampler": "tpe", "seed": 0, "max_time": int(60 * minutes),
            "max_samples": 1000, "output_model_num": 50,
        },
        "evaluate_input_model": False, "evaluator": "judge", "target": "here", "host": "here",
        "output_dir": str(work / "olive-models"), "cache_dir": str(work / "olive-cache"), "log_severity_level": 1,
    }  # fmt: skip


def ours(options: argparse.Namespace) -> list[Candidate]:
    """The parent, and the rows that `bench compress` made of its front."""
    store, found = Store(options.store), []
    for result in store.read_all():
        identity = result.identity
        if str(identity.suite).startswith(f"compress-{options.run}-") and result.measurement and identity.artifact:
            name = " · ".join([identity.recipe, *(f"{key}={value}" for key, value in identity.params.items())][:3])
            found.append(Candidate("bench compress", name, store.artifact(identity.artifact)))
    return found


def olives(run: StoredRun, options: argparse.Namespace) -> list[Candidate]:
    """All that Olive made, each with the tokenizer of ours, as an artifact that our predictor for ONNX loads."""
    recipe: Any = load_recipe("export")
    parent = Store(options.store).artifact(str(run.stored.identity.artifact))
    frame = options.work / "frame"
    if not frame.exists():
        frame.mkdir()
        params = recipe.defaults | {"to": "onnx"}
        recipe.compress([parent], run.prepared.train(), run.prepared.validation(), params, 0, frame)
        write_card(frame, "export", list(run.prepared.label_names))
        for file in frame.glob("model.onnx*"):
            file.unlink()
    found = []
    for node in json.loads((options.work / "olive-models" / "footprint.json").read_text()).values():
        model = Path(((node.get("model_config") or {}).get("config") or {}).get("model_path") or "")
        if model.suffix == ".onnx" and model.exists() and node["from_pass"] != "onnxconversion":
            folder = options.work / "wrapped" / node["model_id"]
            if not folder.exists():
                shutil.copytree(frame, folder)
                shutil.copytree(model.parent, folder, dirs_exist_ok=True)
            made = {k: v for k, v in (node.get("pass_run_config") or {}).items() if k in NAMED and v is not None}
            name = ", ".join(f"{key}={value}" for key, value in made.items()) or "fused, float32"
            found.append(Candidate("Olive", name, folder))
    return found


def judged(candidates: Sequence[Candidate], run: StoredRun) -> list[Candidate]:
    """With accuracy on validation, bytes, and times of single texts, all models in each round."""
    validation = run.prepared.validation()
    texts = validation.texts[:TIMED]
    predictors = {}
    for one in candidates:
        predictors[id(one)] = predictor = load_artifact(one.folder)
        one.accuracy = float((predictor.predict_proba(validation.texts).argmax(axis=1) == validation.labels).mean())
        one.size = sum(path.stat().st_size for path in one.folder.rglob("*") if path.is_file())
    for _ in range(ROUNDS):
        for one in candidates:
            predict, taken = predictors[id(one)].predict_proba, []
            for text in texts:
                started = time.perf_counter()
                predict([text])
                taken.append(1e3 * (time.perf_counter() - started))
            one.p50_ms.append(float(np.median(taken)))
    return list(candidates)


def front(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that no other of them beats in one without being worse in another."""

    def beaten(one: Candidate) -> bool:
        return any(
            other.costs != one.costs and all(a <= b for a, b in zip(other.costs, one.costs, strict=True))
            for other in candidates
        )

    return [one for one in candidates if not beaten(one)]


def report(candidates: Sequence[Candidate], options: argparse.Namespace) -> None:
    """Both fronts as a table, who holds the common one, and a figure."""
    print("| made by | model | accuracy on validation | MB | p50 ms | on the common front |\n|---|---|---|---|---|---|")
    common = front(candidates)
    shown = []
    for side in ("bench compress", "Olive"):
        shown += sorted(front([one for one in candidates if one.side == side]), key=lambda one: one.size)
    for one in shown:
        on = "yes" if any(one is other for other in common) else ""
        _, size, p50 = one.costs
        print(f"| {one.side} | {one.name} | {one.accuracy:.4f} | {size / 1e6:.1f} | {p50:.2f} | {on} |")
    print()
    good = [one for one in shown if one.accuracy >= max(other.accuracy for other in shown) - POINT]
    ours, theirs = ([one for one in good if one.side == side] for side in ("bench compress", "Olive"))
    if ours and theirs:
        (our_fast, our_small), (fast, small) = (
            [min(side, key=attrgetter(cost)) for cost in COSTS] for side in (ours, theirs)
        )
        peer, within = "Olive", "within a point of the best accuracy"
        print(Advantage("bench compress", peer, f"texts/s one by one {within}", ratio(fast.p50_ms, our_fast.p50_ms)))
        print(Advantage("bench compress", peer, f"times smaller {within}", Estimate(small.size / our_small.size)))
    if options.figure:
        draw(shown, options.figure)


def draw(shown: Sequence[Candidate], path: Path) -> None:
    """Accuracy against time and against size, both fronts."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
    for side, marker in (("bench compress", "o"), ("Olive", "^")):
        of_side = [one for one in shown if one.side == side]
        for axis, place in zip(axes, (2, 1), strict=True):
            scale = 1e6 if place == 1 else 1
            axis.plot(
                [one.costs[place] / scale for one in of_side], [one.accuracy for one in of_side], marker, label=side
            )
    axes[0].set(xlabel="p50 of single texts, ms", ylabel="accuracy on validation", xscale="log")
    axes[1].set(xlabel="MB", xscale="log")
    for axis in axes:
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
        axis.xaxis.set_major_formatter(ScalarFormatter())
        axis.xaxis.set_minor_formatter(NullFormatter())
    axes[0].legend(frameon=False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
