"""Batch prediction by an encoder beside the back ends of sentence-transformers: the same weights, texts and batches.

    python -m venv theirs && theirs/bin/pip install 'sentence-transformers[onnx,openvino]' datasets torch==2.13.0
    python -m benchmarks.peer_sentence_transformers ZEROSHOT_RUN --python theirs/bin/python --store .sentibench

Their back ends ask for another `transformers` than the one pinned here, hence an environment of their own. The run is
one of `zeroshot`: the label whose description has the most similar vector. Each contestant is a process that has its
model loaded and labels all texts when it is told to, round by round; both sides sort by length, in batches of 32. int8
is made as each library does by default, theirs for the instruction set of this processor. By default OpenVINO computes
in bfloat16 where the processor can: theirs does so unless told, ours where asked for. Accuracy is of the same texts, of
validation. On an idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

BACKENDS = {
    "PyTorch": ("", "", "torch"),
    "ONNX Runtime": ("export", "onnx", "onnx"),
    "OpenVINO": ("export", "openvino", "openvino-f32"),
    "OpenVINO, bfloat16 or what it takes by default": ("quantize", "openvino-bf16", "openvino"),
    "ONNX Runtime, int8": ("quantize", "onnx-int8", "onnx-int8"),
    "OpenVINO, int8": ("quantize", "openvino-int8", "openvino-int8"),
}
"""Our recipe and its target, and what their child is told."""
Labels = Callable[[list[str]], Any]
"""Texts to the numbers of their labels, int64 [n]."""


def main() -> None:
    """A child that labels texts, or the parent that times all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--python", default=sys.executable, help="of the environment with sentence-transformers")
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument(
        "--child", choices=("ours", "make", *(of for _, _, of in BACKENDS.values())), help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    if options.child == "make":
        make_theirs(Path(options.run))
    elif options.child:
        answer(ours(Path(options.run)) if options.child == "ours" else theirs(Path(options.run), options.child))
    else:
        compare(options)


def ours(artifact: Path) -> Labels:
    """By an artifact."""
    from bench.api import load_artifact

    predictor = load_artifact(artifact)
    return lambda texts: predictor.predict_proba(texts).argmax(axis=1)


def make_theirs(folder: Path) -> None:
    """Their files of each back end, in the folder with the weights, as their documentation makes them."""
    from sentence_transformers import (  # type: ignore[import-not-found, unused-ignore]
        SentenceTransformer,
        export_dynamic_quantized_onnx_model,
        export_static_quantized_openvino_model,
    )

    for backend in ("onnx", "openvino"):
        SentenceTransformer(str(folder), backend=backend).save_pretrained(str(folder))
    flags = Path("/proc/cpuinfo").read_text()
    instructions = "avx512_vnni" if "avx512_vnni" in flags else "avx2"
    onnx, openvino = (SentenceTransformer(str(folder), backend=backend) for backend in ("onnx", "openvino"))
    export_dynamic_quantized_onnx_model(onnx, instructions, str(folder), file_suffix="int8")
    export_static_quantized_openvino_model(
        openvino, None, str(folder), dataset_name=str(folder / "calibration"), dataset_config_name="default",
        dataset_split="train", column_name="sentence", file_suffix="int8",
    )  # fmt: skip


INT8_FILES = {"onnx": "onnx/model_int8.onnx", "openvino": "openvino/openvino_model_int8.xml"}


def theirs(folder: Path, child: str) -> Labels:
    """By their model of the same weights: the label whose description has the most similar vector."""
    from sentence_transformers import SentenceTransformer

    backend, _, how = child.partition("-")
    facts = json.loads((folder / "facts.json").read_text())
    more: dict[str, Any] = {}
    if how == "int8":
        more["model_kwargs"] = {"file_name": INT8_FILES[backend]}
    elif how == "f32":
        more["model_kwargs"] = {"ov_config": {"INFERENCE_PRECISION_HINT": "f32"}}
    model = SentenceTransformer(str(folder), backend=backend, **more)
    model.max_seq_length = facts["max_length"]
    described = model.encode(facts["descriptions"], normalize_embeddings=True)

    def labels(texts: list[str]) -> Any:
        found = model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        return (found @ described.T).argmax(axis=1)

    return labels


def answer(labels: Labels) -> None:
    """A line of texts in, then for each line a round: its seconds and the labels."""
    texts = json.loads(sys.stdin.readline())
    labels(texts[:64])
    for _ in sys.stdin:
        started = time.perf_counter()
        found = labels(texts)
        print(json.dumps({"seconds": time.perf_counter() - started, "labels": found.tolist()}), flush=True)


class Child:
    """A contestant: a process with its model loaded, asleep until its turn."""

    def __init__(self, python: str, model: Path, child: str, texts: list[str]) -> None:
        command = [python, str(Path(__file__)), str(model), "--child", child]
        here = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=here
        )
        self.tell(json.dumps(texts))

    def tell(self, line: str) -> None:
        """A line to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def round(self) -> tuple[float, list[int]]:
        """Seconds for all texts, and their labels."""
        assert self.process.stdout is not None
        self.tell("go")
        for line in self.process.stdout:
            if line.startswith('{"seconds"'):
                found = json.loads(line)
                return found["seconds"], found["labels"]
        raise SystemExit(f"{' '.join(map(str, self.process.args))} ended")  # type: ignore[arg-type, unused-ignore]


def compare(options: argparse.Namespace) -> None:
    """All contestants in turn, then a line a back end."""
    from bench.run.remeasure import stored_run
    from bench.stats.rounds import ratio
    from bench.store import Store
    from benchmarks.advantage import Advantage, shown

    store = Store(options.store)
    run = stored_run(store, options.run)
    validation = run.prepared.validation()
    texts, truth = validation.texts[: options.texts], np.asarray(validation.labels[: options.texts])
    with TemporaryDirectory() as root:
        artifacts = our_artifacts(store, run.stored, run.prepared, Path(root))
        folder = their_folder(run, artifacts["PyTorch"], Path(root) / "theirs", options.python)
        children = {}
        for name, (_, _, child) in BACKENDS.items():
            children["ours", name] = Child(sys.executable, artifacts[name], "ours", texts)
            children["theirs", name] = Child(options.python, folder, child, texts)
        warmed = {key: child.round()[1] for key, child in children.items()}
        rounds = [{key: child.round()[0] for key, child in children.items()} for _ in range(options.rounds)]
        for child in children.values():
            child.process.kill()
    seconds = {key: [one[key] for one in rounds] for key in children}
    accuracy = {key: float((np.array(labels) == truth).mean()) for key, labels in warmed.items()}
    best, ours_best = (
        min((key for key in seconds if key[0] == side), key=lambda key: np.median(seconds[key]))
        for side in ("theirs", "ours")
    )
    print(f"{len(texts):,} texts of validation, {options.rounds} rounds, texts/s (accuracy)\n")
    print("| | ours | sentence-transformers | ratio | to their fastest |\n|---|---|---|---|---|")
    for name in BACKENDS:
        own, their = seconds["ours", name], seconds["theirs", name]
        cells = [
            f"{len(texts) / np.median(seconds[side, name]):,.0f} ({accuracy[side, name]:.3f})"
            for side in ("ours", "theirs")
        ]
        print(f"| {name} | {' | '.join(cells)} | {shown(ratio(their, own))} | {shown(ratio(seconds[best], own))} |")
    print()
    ours, peer = (f"by {key[1].replace(',', '')}" for key in (ours_best, best))
    by = ratio(seconds[best], seconds[ours_best])
    print(Advantage(f"batch prediction {ours}", f"sentence-transformers {peer}", "texts/s", by))


def our_artifacts(store: Any, stored: Any, prepared: Any, root: Path) -> dict[str, Path]:
    """The run's own, and its children for the other runtimes."""
    from bench.registry import load_recipe
    from benchmarks.int8_speed import write_card

    parent: Path = store.artifacts / str(stored.identity.artifact)
    folders, train = {}, prepared.train()
    for number, (name, (recipe_name, target, _)) in enumerate(BACKENDS.items()):
        if not recipe_name:
            folders[name] = parent
            continue
        recipe: Any = load_recipe(recipe_name)
        folders[name] = root / str(number)
        folders[name].mkdir()
        params = recipe.defaults | {"to": target}
        with redirect_stdout(sys.stderr):  # progress of the libraries
            recipe.compress([parent], train, prepared.validation(), params, 0, folders[name])
        write_card(folders[name], recipe_name, list(prepared.label_names))
    return folders


def their_folder(run: Any, artifact: Path, folder: Path, python: str) -> Path:
    """The weights that the run began with, descriptions of its labels, and their files of each back end."""
    from bench.api import load_artifact
    from bench.registry import load_recipe
    from transformers_pt.recipes.zeroshot import descriptions
    from transformers_pt.weights.place import verified

    params = load_recipe("zeroshot").defaults | run.stored.identity.params
    shutil.copytree(verified(params["backbone"]), folder)
    encoder: Any = getattr(load_artifact(artifact), "encoder")  # noqa: B009
    facts = {"max_length": encoder.max_length, "descriptions": descriptions(run.prepared.label_names, params)}
    (folder / "facts.json").write_text(json.dumps(facts))
    (folder / "calibration").mkdir()
    lines = [json.dumps({"sentence": text}) for text in run.prepared.train().texts[:1000]]
    (folder / "calibration" / "train.jsonl").write_text("\n".join(lines) + "\n")
    here = {**os.environ, "HF_HUB_OFFLINE": "1"}
    subprocess.run([python, __file__, str(folder), "--child", "make"], check=True, env=here, stdout=sys.stderr)
    return folder


if __name__ == "__main__":
    main()
