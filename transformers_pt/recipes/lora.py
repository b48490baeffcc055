"""Low-rank adapters on a frozen encoder, merged for serving (PyTorch, PEFT)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from bench.api import STANDALONE, Choice, LogUniform, Params, Predictor, RunContext, Split, Training, Uniform
from transformers_pt.recipes import finetune


class Lora(finetune.Finetune):
    """LoRA on a frozen encoder (PyTorch, PEFT).

    `targets` are of `query,key,value,output`, or modules by the architecture's own names. The artifact holds the merged
    weights, and the adapter alone in its folder `adapter`.
    """

    name: ClassVar[str] = "lora"
    requires = (*finetune.Finetune.requires, "peft")
    defaults = {
        **{k: v for k, v in finetune.Finetune.defaults.items() if k not in ("train_top_k_layers", "pooling")},
        "r": 8,  # rank of the adapters
        "alpha": 16,  # scale of the adapters, over `r`
        "lora_dropout": 0.05,  # of what the adapters read
        "targets": "query,value",  # what gets an adapter: of `query,key,value,output`, or modules by their own names
        "epochs": 6,  # passes over the training texts at most
    }
    space = {
        "r": Choice(2, 4, 8, 16),
        "alpha": Choice(8, 16, 32, 64),
        "lora_dropout": Uniform(0.0, 0.2),
        "learning_rate": LogUniform(1e-4, 5e-3),
        "targets": Choice("query", "query,value", "query,key,value,output"),
    }
    sources = (*finetune.SOURCES, "adapters.py", "recipes/finetune.py")

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Adapters and head trained, best epoch on validation, then merged; the row holds the trained share."""
        from transformers_pt import adapters, artifact, classifier, device, layers

        given = dict(params) | {"pooling": "head", "learning_rate": params["learning_rate"] or 1e-3}
        classifier.check(given)
        use = device.prepare_device(seed, params, context.device)
        prepared = classifier.prepare(given, train.label_names, use, train.multi_label)
        adapted = adapters.add_adapter(prepared.model, given)
        share = layers.trainable_share(adapted)
        print(f"trainable: {share:.2%} of the weights")
        log = classifier.train(replace(prepared, model=adapted), train, validation, given, use, context)
        facts = classifier.facts(prepared, train, given)
        adapters.keep_adapter(adapted, out_dir, prepared.encoder, facts)
        artifact.save_artifact(out_dir, adapted.merge_and_unload(), prepared.encoder, facts)
        return replace(log, trainable_share=share)

    def load(self, artifact_dir: Path) -> Predictor:
        """The merged weights."""
        return super().load(artifact_dir)
