"""Fine-tuning of any encoder with a sequence-classification head (PyTorch)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from bench.api import (
    STANDALONE,
    Choice,
    LogUniform,
    Params,
    Predictor,
    Ranks,
    Recipe,
    Resolved,
    RunContext,
    Split,
    Training,
    Uniform,
)
from transformers_pt import ranks
from transformers_pt.presets import backbone

SOURCES: tuple[str, ...] = (
    "artifact.py", "backbones.py", "batches.py", "classifier.py", "criterion.py", "device.py", "dropout.py",
    "empty.py", "encode.py", "facts.py", "label_order.py", "layers.py", "long_texts.py", "loop.py", "pooled.py",
    "predictor.py", "presets.py", "progress.py", "shapes.py", "weights/catalog.py", "width.py",
)  # fmt: skip


class Finetune(Recipe):
    """Fine-tuning of an encoder (PyTorch): a preset, a checkpoint of the suite, a folder, or a name of the hub.

    `long_texts` says what is read of a text longer than `max_length` tokens: its beginning (`head`), its beginning and
    its end (`head+tail`), or up to `max_chunks` pieces, each with `chunk_overlap` tokens of the last, whose answers are
    averaged (`chunks`). `weights=random` keeps the architecture and tokenizer and forgets what was learned: the control
    of a pretrained run.
    """

    name, framework = "finetune", "pytorch"
    requires: ClassVar[tuple[str, ...]] = (
        "torch",
        "transformers",
        "accelerate",
        "tokenizers",
        "safetensors",
        "sklearn",
    )
    headline_param = "backbone"
    defaults = {
        "backbone": "tweets-tiny",  # a preset such as `bertweet`, a folder in Hugging Face layout, or a hub name
        "weights": "pretrained",  # `pretrained`, or `random`: the same architecture and tokenizer, nothing learned
        "normalization": None,  # of texts before tokens, such as `plain-2`; None: the backbone's own
        "max_length": None,  # tokens of a text that are read; None: the backbone's own
        "long_texts": "head",  # of a text that is longer: `head`, `head+tail`, or pieces of it, averaged: `chunks`
        "chunk_overlap": 32,  # tokens that a piece shares with the one before, with `long_texts=chunks`
        "max_chunks": 8,  # pieces of a text at most, with `long_texts=chunks`
        "pooling": "head",  # `head`, the architecture's own, or poolings joined by +: `cls+mean+max`
        "dropout": None,  # of layers and attention; None: the backbone's own
        "token_masking": 0.0,  # share of the tokens that become [MASK] in training
        "train_top_k_layers": None,  # only the last so many layers and the head learn; None: all
        "layer_decay": 1.0,  # the rate falls by this factor with each layer below the head
        "learning_rate": None,  # the highest; None: the backbone's own
        "weight_decay": 0.01,  # of AdamW
        "scheduler": "linear",  # of the rate after the warm-up: `linear`, `cosine` or `constant`
        "warmup": 0.06,  # share of the steps in which the rate rises
        "epochs": 4,  # passes over the training texts at most
        "patience": 2,  # epochs without a better validation score before it stops
        "monitor": "accuracy",  # on validation, what chooses the epoch: `accuracy`, `macro_f1`, `macro_recall`, `loss`
        "batch_size": 32,  # texts of a step, over all devices
        "accumulation": 1,  # parts that a batch is computed in
        "auto_batch": False,  # halve what is computed at once when memory runs out; the batch of a step stays
        "label_smoothing": 0.0,  # share of each label's weight that goes to the others
        "class_weight": "none",  # `none`, or `balanced`: rare labels weigh more in the loss
        "precision": "auto",  # `auto`, `float32`, `bfloat16` or `float16`
        "gradient_checkpointing": False,  # compute activations twice rather than keep them: less memory, more time
        "compile": False,  # compile the model for training (torch.compile)
        "devices": 1,  # that train together, a process each (torchrun): GPUs, or shares of a machine's cores
        "nodes": 1,  # of a Ray cluster that these devices are spread over evenly, with `--executor ray`
        "fsdp": False,  # shard the weights over several GPUs, with `devices`
        "allow_pickle": False,  # read weights that are a pickle, as weights alone
    }
    space = {
        "learning_rate": LogUniform(1e-5, 1e-3),
        "weight_decay": LogUniform(1e-4, 1e-1),
        "batch_size": Choice(16, 32, 64),
        "scheduler": Choice("linear", "cosine"),
        "warmup": Uniform(0.0, 0.2),
        "layer_decay": Uniform(0.6, 1.0),
        "dropout": Uniform(0.0, 0.3),
        "token_masking": Uniform(0.0, 0.2),
        "label_smoothing": Uniform(0.0, 0.1),
    }
    smoke = {"epochs": 2, "max_length": 32, "learning_rate": 2e-3, "batch_size": 16}
    sources: ClassVar[tuple[str, ...]] = SOURCES
    learns_from_teacher = True
    multi_label: ClassVar[bool] = True

    def resolve(self, params: Params) -> Resolved:
        """The backbone's normalization, unless `params` name another, and its folder; `torchrun` for more devices."""
        origin = backbone(params["backbone"])
        return replace(
            super().resolve(params),
            normalization=params["normalization"] or origin.normalization,
            paths={"backbone": origin.folder} if origin.folder else {},
            ranks=Ranks.of(params["devices"], params["nodes"], ranks.HERE, ranks.THERE),
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
        """Best epoch on validation; the artifact holds weights and tokenizer in Hugging Face layout."""
        from transformers_pt import artifact, classifier, device, layers

        classifier.check(params)
        use = device.prepare_device(seed, params, context.device)
        prepared = classifier.prepare(params, train.label_names, use, train.multi_label)
        layers.train_top_layers(prepared.model, params["train_top_k_layers"])
        log = classifier.train(prepared, train, validation, params, use, context)
        artifact.save_artifact(out_dir, prepared.model, prepared.encoder, classifier.facts(prepared, train, params))
        return log

    def load(self, artifact_dir: Path) -> Predictor:
        """From the artifact alone, offline."""
        from transformers_pt.artifact import load_artifact

        predictor: Predictor = load_artifact(artifact_dir)
        return predictor
