"""Is a tokenizer inside the graph faster than the one that is served?

`python -m benchmarks.graph_tokenizers RUN --store .sentibench`: a quantized encoder. What one text into tokens takes,
as it is served and by `onnxruntime-extensions` and `openvino-tokenizers` (`pip install` both, the second in the version
of OpenVINO here); texts of validation, in turns, on an idle machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import onnxruntime
import openvino

from bench.api import load_artifact
from bench.normalize import normalizer
from bench.run.remeasure import stored_run
from bench.stats.rounds import ratio
from bench.stores import open_store
from benchmarks.advantage import shown

SERVED, TEXTS = "as it is served", 300
Tokenizer = Callable[[str], list[int]]
"""The ids of a text."""


def main() -> None:
    """A line a tokenizer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--store", default=".sentibench")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    store = open_store(options.store)
    run = stored_run(store, options.run)
    predictor: Any = load_artifact(store.artifact(str(run.stored.identity.artifact)))
    texts = run.prepared.validation().texts[:TEXTS]
    ways = tokenizers(predictor)
    answer: Callable[[str], object] = lambda text: predictor.predict_proba([text])  # noqa: E731
    rounds = [
        {way: seconds(call, texts) for way, call in [*ways.items(), ("answer", answer)]}
        for _ in range(options.rounds + 1)
    ][1:]
    print("| tokenizer | microseconds a text | texts with the same tokens | a text answered, times as fast |")
    print("|---|---|---|---|")
    served = [one["answer"] for one in rounds]
    for way, cut in ways.items():
        same = sum(cut(text) == ways[SERVED](text) for text in texts)
        within = [one["answer"] - one[SERVED] + one[way] for one in rounds]
        micros = 1e6 * median(one[way] for one in rounds) / len(texts)
        print(f"| {way} | {micros:.0f} | {same} of {len(texts)} | {shown(ratio(served, within))} |", flush=True)


def tokenizers(predictor: Any) -> dict[str, Tokenizer]:
    """As it is served, and by each graph."""
    try:
        from onnxruntime_extensions import gen_processing_models, get_library_path
        from openvino_tokenizers import convert_tokenizer
    except ImportError as error:
        raise SystemExit(f"{error.name} is missing: pip install onnxruntime-extensions openvino-tokenizers") from None
    from transformers import BertTokenizerFast

    if predictor.runtime not in ("onnxruntime", "openvino"):
        raise SystemExit(f"give a run of ONNX Runtime or OpenVINO, not of {predictor.runtime}")
    whole = BertTokenizerFast(tokenizer_object=predictor.encoder.tokenizer.backend)
    clean = normalizer(predictor.encoder.normalization)
    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(get_library_path())
    graph = gen_processing_models(whole, pre_kwargs={})[0].SerializeToString()
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    model = openvino.Core().compile_model(convert_tokenizer(whole), "CPU")
    return {
        SERVED: lambda text: list(predictor.encoder.windows([text]).rows[0]),
        "onnxruntime-extensions": lambda text: session.run(["input_ids"], {"text": [clean(text)]})[0].tolist(),
        "openvino-tokenizers": lambda text: model([clean(text)])["input_ids"][0].tolist(),
    }


def seconds(call: Callable[[str], object], texts: list[str]) -> float:
    """That all texts take, one by one."""
    started = time.perf_counter()
    for text in texts:
        call(text)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
