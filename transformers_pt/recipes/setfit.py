"""SetFit: an encoder learns which texts share a label, then a linear head (Tunstall et al., 2022; PyTorch)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from bench.api import STANDALONE, BenchError, Choice, LogUniform, Params, Resolved, RunContext, Split, Training
from transformers_pt.recipes import finetune


class SetFit(finetune.Finetune):
    """SetFit (PyTorch): an encoder learns on pairs of texts which share a label, then a logistic head on its vectors.

    For a few labels: `--per-label 8`. The package `setfit` trains; validation is not used. The encoder's vectors are
    the mean of its last layer, so that the artifact is in the layout of `finetune`, to be exported and served like one.
    """

    name: ClassVar[str] = "setfit"
    requires = (*finetune.Finetune.requires, "setfit", "sentence_transformers", "datasets")
    defaults = {
        "backbone": "minilm-l6",  # a sentence encoder: `minilm-l6`, `mpnet`, a folder, or a hub name
        "pairs": 20,  # of each text with others of its label, and as many with others of other labels
        "max_steps": 2000,  # of the encoder at most
        "learning_rate": 2e-5,  # of the encoder, the highest
        "batch_size": 16,  # pairs of a step
        "C": 1.0,  # inverse of the head's regularization
        "max_length": None,  # tokens of a text that are read; None: the backbone's own
    }
    space = {
        "pairs": Choice(5, 10, 20, 40),
        "learning_rate": LogUniform(1e-5, 1e-3),
        "C": LogUniform(0.01, 100.0),
    }
    smoke = {"backbone": "tweets-tiny", "max_length": 32, "pairs": 1, "max_steps": 20, "learning_rate": 1e-3}
    sources = (*finetune.SOURCES, "contrastive.py", "recipes/finetune.py", "sentences.py")
    learns_from_teacher = False
    multi_label = False

    def resolve(self, params: Params) -> Resolved:
        """As of `finetune`, whose layout the artifact has."""
        resolved = super().resolve({**finetune.Finetune.defaults, **params})
        return replace(resolved, requires=self.requires, layout="finetune")

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Both stages on train."""
        from transformers_pt import contrastive, device, sentences

        for name in ("pairs", "max_steps", "batch_size", "C", "learning_rate"):
            if params[name] <= 0:
                raise BenchError(f"{name}={params[name]}: give a number above 0")
        given = {**finetune.Finetune.defaults, **params}
        use = device.prepare_device(seed, given, context.device)
        prepared = sentences.prepare(given, use)
        training = contrastive.train(prepared, train, params, seed, use, context)
        found = sentences.vectors(prepared, train.texts, use, context.cache)
        weight, bias = sentences.logistic_head(found, train, params["C"])
        sentences.save(prepared, weight, bias, train, given, out_dir)
        return training
