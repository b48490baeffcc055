"""model2vec: an encoder's tokens become static vectors, a text is their mean, a linear head classifies it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from bench.api import (
    STANDALONE,
    BenchError,
    Choice,
    LogUniform,
    Params,
    Predictor,
    Probabilities,
    Resolved,
    RunContext,
    Split,
    Training,
    Truncation,
    normalizer,
    softmax,
)
from transformers_pt.recipes import finetune

MAX_TOKENS = 512
"""What model2vec reads of a text."""


class Model2Vec(finetune.Finetune):
    """model2vec (Tulkens, van Dongen, 2024): vectors of tokens distilled from an encoder without texts, a linear head.

    Each token goes through the encoder alone; principal components and weights by rank (SIF) make its vector, in 16
    bits. The package `model2vec` distils and encodes; logistic regression on the vectors of the training texts is the
    head. The vectors themselves are not trained. Served without PyTorch.
    """

    name: ClassVar[str] = "model2vec"
    requires = (*finetune.Finetune.requires, "model2vec", "skeletoken")
    defaults = {
        "backbone": "minilm-l6",  # what is distilled: `minilm-l6`, `mpnet`, a folder, or a hub name
        "dim": 256,  # width of the vectors
        "sif": 1e-4,  # how much frequent tokens, the low ranks, count less: the lower, the less
        "C": 10.0,  # inverse of the head's regularization
    }
    space = {"dim": Choice(64, 128, 256), "sif": LogUniform(1e-5, 1e-2), "C": LogUniform(0.1, 100.0)}
    smoke = {"backbone": "tweets-tiny", "dim": 64}
    sources = (*finetune.SOURCES, "recipes/finetune.py", "sentences.py")
    learns_from_teacher = False
    multi_label = False

    def resolve(self, params: Params) -> Resolved:
        """The backbone's normalization and folder; the layout is its own."""
        resolved = super().resolve({**finetune.Finetune.defaults, **params})
        return replace(resolved, requires=self.requires, layout=self.name)

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Distil, then the head on train."""
        from safetensors.numpy import save_file

        from transformers_pt import device, sentences

        if params["C"] <= 0 or not 0 < params["sif"] < 1 or params["dim"] < 1:
            raise BenchError("model2vec: give C above 0, sif between 0 and 1, and dim of 1 or more")
        given = {**finetune.Finetune.defaults, **params}
        use = device.prepare_device(seed, given, context.device)
        prepared = sentences.prepare(given, use)
        static = _distilled(prepared, params)
        normalization = prepared.encoder.normalization
        stored = np.ascontiguousarray(static.embedding)  # safetensors writes the bytes as they lie
        static.embedding = stored.astype(np.float32)
        found = _encoded(static, train.texts, normalization)
        weight, bias = sentences.logistic_head(found, train, params["C"])
        static.tokenizer.save(str(out_dir / "tokenizer.json"))
        arrays = {"embeddings": stored, "weight": weight, "bias": bias}
        save_file(arrays, str(out_dir / "model.safetensors"))
        facts = {
            "label_names": list(train.label_names), "normalization": normalization,
            "backbone": prepared.origin.origin, "normalize": static.normalize,
        }  # fmt: skip
        (out_dir / "model.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
        return Training(device=use)

    def load(self, artifact_dir: Path) -> Predictor:
        """Vectors and head from safetensors, the tokenizer from its JSON."""
        from model2vec import StaticModel
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        facts = json.loads((artifact_dir / "model.json").read_text(encoding="utf-8"))
        arrays = load_file(str(artifact_dir / "model.safetensors"))
        tokenizer = Tokenizer.from_file(str(artifact_dir / "tokenizer.json"))
        # in 16 bits it would round by what else is in the batch
        static = StaticModel(arrays["embeddings"].astype(np.float32), tokenizer, normalize=facts["normalize"])
        return Model2VecPredictor(static, arrays, facts["normalization"])


class Model2VecPredictor(Predictor):
    """The package's own encoding of a text, then a linear layer."""

    runtime, dtype = "model2vec", "float16"

    def __init__(self, static: Any, arrays: dict[str, npt.NDArray[Any]], normalization: str) -> None:
        self.static, self.normalization = static, normalization
        self.weight, self.bias = arrays["weight"], arrays["bias"]
        self.parameters = sum(array.size for array in arrays.values())
        self.nonzero_parameters = sum(int(np.count_nonzero(array)) for array in arrays.values())

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]."""
        if not texts:
            return np.zeros((0, len(self.bias)), np.float32)
        found = _encoded(self.static, texts, self.normalization)
        return softmax(found @ self.weight.T + self.bias).astype(np.float32)

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """Of these texts, by tokens."""
        counts = [len(ids) for ids in self.static.tokenize(_plain(texts, self.normalization, None))]
        return Truncation.beyond(MAX_TOKENS, np.array(counts, np.int64))


def _encoded(static: Any, texts: Sequence[str], normalization: str) -> npt.NDArray[np.float32]:
    """Vectors of texts, float32 [n_texts, dim], by one process."""
    plain = _plain(texts, normalization, MAX_TOKENS * 20)  # a text of megabytes is cut before it is cleaned
    return np.asarray(static.encode(plain, max_length=MAX_TOKENS, use_multiprocessing=False), np.float32)


def _plain(texts: Sequence[str], normalization: str, characters: int | None) -> list[str]:
    """Cleaned, of at most so many characters; half of an emoji is no UTF-8."""
    clean = normalizer(normalization)
    return [clean(text[:characters]).encode("utf-8", "replace").decode() for text in texts]


def _distilled(prepared: Any, params: Params) -> Any:
    from model2vec.distill import distill_from_model

    try:
        return distill_from_model(
            prepared.model.encoder, prepared.encoder.tokenizer, device="cpu", pca_dims=params["dim"],
            sif_coefficient=params["sif"],
        )  # fmt: skip
    except ValueError as error:
        raise BenchError(f"model2vec cannot distil {prepared.origin.origin}: {error}") from None
