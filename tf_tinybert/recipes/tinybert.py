"""Fine-tuning of BERT encoders in TensorFlow, under a distribution strategy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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
from tf_tinybert import workers
from tf_tinybert.presets import origin


class Tinybert(Recipe):
    """Fine-tuning of a BERT encoder, TinyBERT and its like (Keras): on a TPU, several GPUs or processes, or a CPU.

    `architecture` is `tiny`, `mini`, `tinybert4` or `tinybert6`; unset it is the checkpoint's own. `checkpoint` is
    `auto` (the encoder of that shape that comes with the project; random weights where there is none), the name of one
    of these, `minilm-l6`, a folder in Hugging Face layout, or a hub name. `weights=random` keeps shape and tokens and
    forgets what was learned. `batch_size` is that of a step over all replicas; `lr_scaling` multiplies the rate for
    several of them.
    """

    name, framework = "tinybert", "tensorflow"
    requires = ("tensorflow", "keras", "keras_hub", "tokenizers", "safetensors", "sklearn")
    defaults = {
        "architecture": None,  # `tiny`, `mini`, `tinybert4` or `tinybert6`; None: the checkpoint's own
        "checkpoint": "auto",  # `auto`, `tweets-tiny`, `minilm-l6`, a folder in Hugging Face layout, or a hub name
        "weights": "pretrained",  # `pretrained`, or `random`: the same architecture and tokenizer, nothing learned
        "max_length": 128,  # tokens of a text that are read
        "dropout": None,  # of layers and attention; None: the checkpoint's own
        "learning_rate": None,  # the highest; None: the checkpoint's own
        "lr_scaling": "none",  # of the rate by the number of replicas: `none`, `linear` or `sqrt`
        "weight_decay": 0.01,  # of AdamW
        "warmup": 0.06,  # share of the steps in which the rate rises
        "class_weight": "none",  # `none`, or `balanced`: rare labels weigh more in the loss
        "epochs": 4,  # passes over the training texts at most
        "patience": 2,  # epochs without a better validation score before it stops
        "monitor": "accuracy",  # on validation, what chooses the epoch: `accuracy`, `macro_f1`, `macro_recall`, `loss`
        "batch_size": 32,  # texts of a step, over all replicas
        "strategy": "auto",  # `auto`, `default`, `mirrored`, `multiworker` or `tpu`
        "devices": 1,  # that train together, a process each; 1: this process, with all that `strategy` finds
        "nodes": 1,  # of a Ray cluster that these devices are spread over evenly, with `--executor ray`
        "precision": "auto",  # `auto`, `float32` or `mixed_bfloat16`
        "jit_compile": False,  # compile steps with XLA
        "steps_per_execution": 1,  # steps that TensorFlow runs at one go
    }
    space = {
        "learning_rate": LogUniform(1e-5, 1e-3),
        "weight_decay": LogUniform(1e-4, 1e-1),
        "batch_size": Choice(16, 32, 64),
        "warmup": Uniform(0.0, 0.2),
        "dropout": Uniform(0.0, 0.3),
    }
    smoke = {"epochs": 2, "max_length": 32, "learning_rate": 2e-3, "batch_size": 16}
    sources = (
        "artifact.py", "batches.py", "checkpoint.py", "criterion.py", "fitting.py", "libraries.py", "model.py",
        "optimizer.py", "presets.py", "strategy.py", "tokens.py", "training.py", "weights.py",
    )  # fmt: skip
    learns_from_teacher = True

    def resolve(self, params: Params) -> Resolved:
        """The checkpoint's normalization and folder; a process for each of several devices."""
        start = origin(params)
        return replace(
            super().resolve(params),
            normalization=start.normalization,
            paths={"checkpoint": start.folder} if start.folder else {},
            ranks=Ranks.of(params["devices"], params["nodes"], workers.HERE, workers.THERE),
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
        from tf_tinybert.libraries import check_libraries

        check_libraries()
        from tf_tinybert.fitting import fit

        return fit(train, validation, params, seed, out_dir, context)

    def load(self, artifact_dir: Path) -> Predictor:
        """From the artifact alone, offline."""
        from tf_tinybert.libraries import check_libraries

        check_libraries()
        from tf_tinybert.artifact import load_artifact

        predictor: Predictor = load_artifact(artifact_dir)
        return predictor
