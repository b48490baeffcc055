"""fastText's classifier (Joulin et al., "Bag of Tricks for Efficient Text Classification", 2017)."""

from __future__ import annotations

import json
import re
import struct
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from baselines.ngrams import ngram_range
from baselines.vectorize import MAX_CHARACTERS, TOKEN, characters_cut, encodable
from bench.api import (
    STANDALONE,
    BenchError,
    Choice,
    LogUniform,
    Params,
    Predictor,
    Probabilities,
    Recipe,
    RunContext,
    Split,
    Training,
    Truncation,
    normalizer,
)

LABEL = "__label__"
_TOKEN = re.compile(TOKEN)


class FastText(Recipe):
    """fastText: the mean of word and n-gram vectors into a softmax, parameters by its own autotune if asked.

    The training texts are mixed by the seed. One thread trains, as only so a seed is one model. `cutoff` keeps that
    many words and n-grams, product-quantized (a byte for every two dimensions). Autotune takes the seconds given and
    chooses on validation, quantized to `autotune_size_mb` where that is given: another machine may find another model.
    """

    name, framework, requires = "fasttext", "fasttext", ("fasttext",)
    defaults = {
        "dim": 64,  # width of the vectors
        "learning_rate": 0.5,  # the highest
        "epochs": 15,  # passes over the training texts
        "word_ngrams": 2,  # words of the longest n-gram
        "char_ngrams": "none",  # shortest and longest n-gram of characters that spell a word, as in 3-6, or `none`
        "min_count": 2,  # times that a word must be in the training texts
        "buckets": 200_000,  # rows of the table that n-grams are hashed into
        "cutoff": 0,  # words and n-grams that stay when the vectors are quantized; 0: not quantized
        "autotune_seconds": 0,  # time in which fastText chooses its parameters on validation; 0: none
        "autotune_size_mb": 0.0,  # megabytes that the file may have, of that choice; 0: any
    }
    space = {
        "dim": Choice(16, 32, 64, 128),
        "learning_rate": LogUniform(0.05, 1.0),
        "epochs": Choice(5, 10, 15, 25, 50),
        "word_ngrams": Choice(1, 2, 3),
        "char_ngrams": Choice("none", "2-4", "3-5"),
        "min_count": Choice(1, 2, 3),
    }
    smoke = {"epochs": 5, "dim": 16, "buckets": 10_000}
    sources = ("ngrams.py", "vectorize.py")
    normalization = "plain-2"

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Train and quantize as asked; `model.bin` is fastText's own file."""
        import fasttext

        with tempfile.TemporaryDirectory() as folder:
            _check(params, validation)
            # fastText reads its file as it lies: rows sorted by label would leave it with the last one
            mixed = train.take(np.random.default_rng(seed).permutation(len(train)))
            options = _options(params, seed) | {"input": _written(mixed, self.normalization, Path(folder) / "train")}
            if params["autotune_seconds"]:
                options |= _autotune(params) | {
                    "autotuneValidationFile": _written(validation, self.normalization, Path(folder) / "validation")
                }
            try:
                model = fasttext.train_supervised(**options)
                if params["cutoff"]:
                    again = {name: options[name] for name in ("input", "epoch", "lr", "thread", "verbose")}
                    model.quantize(cutoff=params["cutoff"], qnorm=True, retrain=True, **again)
            except (ValueError, RuntimeError) as error:
                raise BenchError(f"fastText: {error}") from None
        model.save_model(str(out_dir / "model.bin"))
        facts = {"label_names": list(train.label_names), "normalization": self.normalization}
        (out_dir / "model.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
        return Training()

    def load(self, artifact_dir: Path) -> Predictor:
        """Names from JSON, the model from fastText's file."""
        import fasttext

        facts = json.loads((artifact_dir / "model.json").read_text(encoding="utf-8"))
        file = artifact_dir / "model.bin"
        model = fasttext.FastText._FastText(model_path=str(file))  # its `load_model` warns on the screen of all users
        rows = _stored_rows(file) if model.is_quantized() else None
        return FastTextPredictor(model, len(facts["label_names"]), facts["normalization"], rows)


class FastTextPredictor(Predictor):
    """Tokens joined by spaces, then fastText."""

    runtime = "fasttext"

    def __init__(self, model: Any, labels: int, normalization: str, quantized_rows: int | None) -> None:
        # what its Python wrapper makes of the answer fails with NumPy 2: the extension itself is asked
        self.model, self.labels, self.normalization = model.f, labels, normalization
        if quantized_rows is None:
            matrices = [model.get_input_matrix(), model.get_output_matrix()]
            self.parameters = sum(matrix.size for matrix in matrices)
            self.nonzero_parameters = sum(int(np.count_nonzero(matrix)) for matrix in matrices)
        else:
            self.dtype = "int8"
            self.parameters = self.nonzero_parameters = (quantized_rows + labels) * model.get_dimension()

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]."""
        return self._classify(self._tokenize(texts))

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """Text to tokens, tokens to probabilities."""
        return {"tokenize": self._tokenize, "forward": self._classify}

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """Of these texts, by characters."""
        return characters_cut(texts)

    def _tokenize(self, texts: Sequence[str]) -> list[str]:
        return [tokens(text, self.normalization) for text in texts]

    def _classify(self, lines: list[str]) -> Probabilities:
        out = np.zeros((len(lines), self.labels), np.float32)
        for row, line in zip(out, lines, strict=True):
            for probability, label in self.model.predict(line + "\n", self.labels, 0.0, "strict"):
                row[int(label.removeprefix(LABEL))] = probability
        # a label that no training text had is unknown to it; of a text without a known word it says nothing
        rest = np.maximum(1 - out.sum(axis=1, keepdims=True), 0)
        out += np.where(out.any(axis=1, keepdims=True), 0, rest / self.labels)
        probabilities: Probabilities = out / out.sum(axis=1, keepdims=True)
        return probabilities


def tokens(text: str, normalization: str) -> str:
    """Words in lower case and runs of other characters, one space between two: fastText splits at spaces alone."""
    words = _TOKEN.findall(normalizer(normalization)(text[:MAX_CHARACTERS]).lower())
    return encodable(" ".join(words))


def _written(split: Split, normalization: str, path: Path) -> str:
    """The file that fastText reads: a line a text, its label first."""
    with path.open("w", encoding="utf-8") as file:
        for text, label in zip(split.texts, split.labels, strict=True):
            file.write(f"{LABEL}{label} {tokens(text, normalization)}\n")
    return str(path)


def _options(params: Params, seed: int) -> dict[str, Any]:
    characters = ngram_range(params["char_ngrams"], "char_ngrams") or (0, 0)
    return {
        "dim": params["dim"], "lr": params["learning_rate"], "epoch": params["epochs"],
        "wordNgrams": params["word_ngrams"], "minn": characters[0], "maxn": characters[1],
        "minCount": params["min_count"], "bucket": params["buckets"], "seed": seed, "thread": 1, "verbose": 0,
    }  # fmt: skip


def _autotune(params: Params) -> dict[str, Any]:
    size = params["autotune_size_mb"]
    bound = {"autotuneModelSize": f"{int(size * 1000)}K"} if size else {}
    return {"autotuneDuration": int(params["autotune_seconds"]), **bound}


def _check(params: Params, validation: Split) -> None:
    for name in ("dim", "epochs", "word_ngrams", "min_count", "buckets"):
        if params[name] < 1:
            raise BenchError(f"{name}={params[name]}: give a number of 1 or more")
    if params["autotune_size_mb"] and not params["autotune_seconds"]:
        raise BenchError("autotune_size_mb: it bounds autotune; give autotune_seconds, or cutoff in place of it")
    if params["autotune_seconds"] and params["cutoff"]:
        raise BenchError("cutoff: autotune quantizes by itself, to autotune_size_mb")
    if params["autotune_seconds"] and not len(validation):
        raise BenchError("autotune_seconds: autotune chooses on validation, and there is none")


def _stored_rows(path: Path) -> int:
    """Vectors of words and n-grams in a quantized file, by its dictionary, which follows 64 bytes of arguments."""
    with path.open("rb") as file:
        file.seek(64)
        _, words, _, _, ngrams = struct.unpack("<iiiqq", file.read(28))
    return int(words) + max(int(ngrams), 0)
