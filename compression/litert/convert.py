"""From a graph to a .tflite file, and the artifact around it. Imported where TensorFlow is at hand."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from baselines.artifact import load_artifact, save_artifact
from bench.api import BenchError, Split
from compression.litert.flatbuffer import read_contents
from compression.litert.graphs import GRAPHS, Graph, whole
from compression.litert.texts import FILES, READERS, Inputs, Reader
from compression.tfmot.codebook import expanded

MODEL = "model.tflite"
CALIBRATED = "full_int8"


def export(parent: Path, layout: str, precision: str, train: Split, texts: int, seed: int, out_dir: Path) -> None:
    """Write the artifact of `parent`; up to `texts` of the training texts calibrate `full_int8`."""
    with _plain(parent, layout) as (base, folder):
        samples = _samples(READERS[base](folder), train, texts, seed) if precision == CALIBRATED else []
        model = convert(GRAPHS[base](folder), precision, samples)
        write(model, out_dir, folder, base, precision, len(samples))


def export_quantized(model: Any, parent: Path, out_dir: Path) -> None:
    """The same for a `tf_keras` model of a `dnn` that was trained with 8 bits: it holds its ranges."""
    made = convert(whole(model), "dynamic_int8", [])
    write(made, out_dir, parent, "dnn-features", "qat_int8", 0)


def convert(graph: Graph, precision: str, samples: Sequence[Inputs]) -> bytes:
    """The content of the file. Raises `BenchError` that names an operator that LiteRT has not."""
    holder = tf.Module()
    holder.variables_of_graph = graph.variables  # the converter finds variables by what tracks them
    function = tf.function(graph.function, input_signature=graph.signature).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], holder)
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if samples:
        converter.representative_dataset = lambda: iter(samples)
    try:
        return bytes(converter.convert())
    except Exception as error:
        raise BenchError(f"{_culprit(str(error))} does not convert to LiteRT ({type(error).__name__})") from None


def _culprit(message: str) -> str:
    match = re.search(r"TF Select ops: (\w+)|Custom ops: (\w+)|'(tfl?\.\w+)' op|(\w+)\) failed to prepare", message)
    if match is None:
        return f"the graph ({' '.join(message.split())[:160]})"
    return f"operator {next(filter(None, match.groups()))}"


def write(model: bytes, out_dir: Path, source: Path, base: str, precision: str, calibration_texts: int) -> None:
    """The model, what reads its texts (from the artifact `source`), and `model.json` with what is in the file."""
    (out_dir / MODEL).write_bytes(model)
    contents = read_contents(out_dir / MODEL)
    config = json.loads((source / "model.json").read_text(encoding="utf-8"))
    config |= {
        "precision": precision, "calibration_texts": calibration_texts, "base": base, "weights": contents.weights,
        "nonzero": contents.nonzero, "operators": contents.operators, "converter": f"tensorflow {tf.__version__}",
        "runtime": f"ai-edge-litert {importlib.metadata.version('ai-edge-litert')}",
    }  # fmt: skip
    numbers = load_artifact(source)[1] if base.startswith("dnn") else {}
    idf = {name: value for name, value in numbers.items() if name.startswith("idf.")}
    if idf:
        save_artifact(out_dir, config, idf)
    else:
        text = json.dumps(config, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        (out_dir / "model.json").write_text(text, encoding="utf-8")
    for name in FILES[base]:
        if (source / name).is_file():
            shutil.copyfile(source / name, out_dir / name)


@contextmanager
def _plain(parent: Path, layout: str) -> Iterator[tuple[str, Path]]:
    """The layout and folder of a model whose weights are float32: the parent's, or what it expands to."""
    if layout != "tfmot":
        yield layout, parent
        return
    with expanded(parent) as plain:
        yield plain


def _samples(reader: Reader, train: Split, texts: int, seed: int) -> list[Inputs]:
    """Those of some training texts; where a graph has two inputs, each filled up with zeros to the longest.

    The converter resizes one input at a time, and runs the graph before it has resized the other.
    """
    if not len(train) or texts < 1:
        raise BenchError(
            f"precision={CALIBRATED} needs training texts to calibrate the ranges of 8 bits, and has none: give "
            "calibration_texts of 1 or more and a data set with a training split, or use precision=dynamic_int8"
        )
    chosen = np.random.default_rng(seed).permutation(len(train))[:texts]
    samples = reader.inputs([train.texts[row] for row in chosen])
    if len(samples[0]) == 1:
        return samples
    longest = max(array.shape[1] for sample in samples for array in sample.values())
    return [
        {name: np.pad(array, ((0, 0), (0, longest - array.shape[1]))) for name, array in sample.items()}
        for sample in samples
    ]
