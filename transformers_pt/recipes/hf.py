"""A sequence classifier of the Hugging Face hub, or of anyone's, as it is (PyTorch)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from bench.api import STANDALONE, BenchError, Params, Predictor, Recipe, Resolved, RunContext, Split, Training
from transformers_pt.presets import backbone
from transformers_pt.recipes import finetune
from transformers_pt.trained import folder_labels

LONGEST = 512
"""Tokens of a text that are read, where tokenizer and positions would allow for more."""


class Hf(Recipe):
    """A Hugging Face sequence classifier as it is, its own head (PyTorch): nothing is trained.

    Its labels are the data set's by their names, or by `labels`. Of several labels a text it takes those that its
    `problem_type` says answer so. The artifact is as one of `finetune`: it is measured,
    compressed, served and exported as such.
    """

    name, framework = "hf", "pytorch"
    deterministic = True
    multi_label = True
    requires: ClassVar[tuple[str, ...]] = finetune.Finetune.requires
    headline_param = "model"
    defaults = {
        "model": "",  # a folder in Hugging Face layout, or a name of the hub
        "labels": "",  # what its labels are called in the data set, `LABEL_0=bad;LABEL_1=good`; by name if empty
        "title": "",  # what it is called on the board; as its folder if empty
        "normalization": None,  # of texts before tokens, such as `twitter-1`; None: the preset's own, or none
        "max_length": None,  # tokens of a text that are read; None: as its tokenizer says, 512 at most
    }
    sources: ClassVar[tuple[str, ...]] = (*finetune.SOURCES, "recipes/finetune.py", "trained.py")

    def resolve(self, params: Params) -> Resolved:
        """The layout of `finetune`; a folder of another task, or without weights to be trusted, is an error."""
        if not params["model"]:
            raise BenchError("hf: name a folder in Hugging Face layout, or a model of the hub: hf[model=…]")
        origin = backbone(params["model"])
        if origin.folder is not None:
            folder_labels(origin.folder)
        return replace(
            super().resolve(params),
            layout="finetune",
            normalization=params["normalization"] or origin.normalization,
            paths={"model": origin.folder} if origin.folder else {},
        )

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Nothing is trained: weights, tokenizer and labels become an artifact."""
        from transformers_pt.artifact import save_artifact
        from transformers_pt.backbones import check_vocabulary, load_tokenizer, quiet
        from transformers_pt.classifier import _longest
        from transformers_pt.encode import Encoder
        from transformers_pt.trained import load_trained

        quiet()
        origin = backbone(params["model"])
        here = origin.located().source
        tokenizer = load_tokenizer(here)
        model = load_trained(here, train, params["labels"])
        check_vocabulary(model, tokenizer, here)
        length = params["max_length"] or min(tokenizer.model_max_length, _longest(model, tokenizer), LONGEST)
        encoder = Encoder(tokenizer, params["normalization"] or origin.normalization, length)
        encoder.check()
        save_artifact(out_dir, model, encoder, {
            "label_names": list(train.label_names), "pooling": "head", "backbone": origin.origin, "pretrained": True,
            "backbone_commit": getattr(model.config, "_commit_hash", None), "multi_label": train.multi_label,
        })  # fmt: skip
        return Training(
            warnings=["trained elsewhere, on texts that are not known here: it may have seen those of test"]
        )

    def load(self, artifact_dir: Path) -> Predictor:
        """As an artifact of `finetune`, which it is."""
        return finetune.Finetune().load(artifact_dir)
