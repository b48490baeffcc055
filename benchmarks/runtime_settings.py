"""Does another setting of its runtime make an int8 encoder faster: threads, pinned to cores, how they wait?

`python -m benchmarks.runtime_settings RUN … --store .sentibench`: quantized encoders, in ONNX Runtime or OpenVINO. Each
answers texts of validation one by one and 32 a batch, as it is served and with one setting changed: in turns, on an
idle machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench.api import Predictor, load_artifact
from bench.machine import cores
from bench.run.remeasure import stored_run
from bench.stats.rounds import ratio
from bench.stores import open_store
from benchmarks.advantage import shown

SERVED = "as it is served"
TEXTS, BATCH = 300, 32
SIZES = {"one by one": 1, f"{BATCH} a batch": BATCH}
Change = Callable[[Any], None]
"""Of a predictor's runtime."""


def main() -> None:
    """A line a setting, against what is served."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--store", default=".sentibench")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    store = open_store(options.store)
    print(f"Times as fast as it is served, {options.rounds} rounds of {TEXTS} texts\n")
    print(f"| runtime | setting | {' | '.join(SIZES)} |")
    print(f"|---|---|{'---|' * len(SIZES)}")
    for name in options.runs:
        run = stored_run(store, name)
        models = with_settings(store.artifact(str(run.stored.identity.artifact)))
        texts = run.prepared.validation().texts[:TEXTS]
        rounds = [one_round(models, texts) for _ in range(options.rounds + 1)][1:]
        for setting in [setting for setting in models if setting != SERVED]:
            ratios = [
                shown(ratio([one[SERVED, size] for one in rounds], [one[setting, size] for one in rounds]))
                for size in SIZES.values()
            ]
            print(f"| {models[SERVED].runtime} | {setting} | {' | '.join(ratios)} |", flush=True)


def one_round(models: Mapping[str, Predictor], texts: list[str]) -> dict[tuple[str, int], float]:
    """Seconds that all texts take, by setting and texts a call."""
    return {
        (setting, size): seconds(model, texts, size) for size in SIZES.values() for setting, model in models.items()
    }


def seconds(model: Predictor, texts: list[str], size: int) -> float:
    """That all texts take, so many a call."""
    started = time.perf_counter()
    for start in range(0, len(texts), size):
        model.predict_proba(texts[start : start + size])
    return time.perf_counter() - started


def with_settings(folder: Path) -> dict[str, Predictor]:
    """The model as it is served, and with each setting of its runtime."""
    ways = {"onnxruntime": onnx_settings, "openvino": openvino_settings}
    models = {SERVED: load_artifact(folder)}
    if (runtime := models[SERVED].runtime) not in ways:
        raise SystemExit(f"give runs of {' or '.join(ways)}, not of {runtime}")
    for setting, change in ways[runtime](folder).items():
        models[setting] = load_artifact(folder)
        change(models[setting])
    return models


def onnx_settings(folder: Path) -> dict[str, Change]:
    """Threads, their cores, and how they wait."""
    import onnxruntime

    from compression.onnx_predictor import MODEL

    def session(predictor: Any, threads: int, entry: tuple[str, str] | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        if entry:
            options.add_session_config_entry(*entry)
        predictor.session = onnxruntime.InferenceSession(
            str(folder / MODEL), options, providers=["CPUExecutionProvider"]
        )

    others = ";".join(str(core) for core in range(2, cores() + 1))  # the calling thread is the first, and not pinned
    return {
        "one thread": partial(session, threads=1),
        "threads pinned to cores": partial(
            session, threads=cores(), entry=("session.intra_op_thread_affinities", others)
        ),
        "threads that wait asleep": partial(
            session, threads=cores(), entry=("session.intra_op.allow_spinning", "0")
        ),
    }  # fmt: skip


def openvino_settings(folder: Path) -> dict[str, Change]:
    """Threads, their cores, and what OpenVINO is told to aim at."""
    import openvino

    from compression.openvino_predictor import MODEL

    def compiled(predictor: Any, **changes: str) -> None:
        usual = {
            "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": str(cores()),
        }  # fmt: skip
        predictor.model = openvino.Core().compile_model(folder / MODEL, "CPU", usual | changes)

    return {
        "one thread": partial(compiled, INFERENCE_NUM_THREADS="1"),
        "threads not pinned to cores": partial(compiled, ENABLE_CPU_PINNING="NO"),
        "hint of throughput": partial(compiled, PERFORMANCE_HINT="THROUGHPUT"),
        "bfloat16 for the rest": partial(compiled, INFERENCE_PRECISION_HINT="bf16"),
    }


if __name__ == "__main__":
    main()
