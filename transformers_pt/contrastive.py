"""The first stage of SetFit, by its package: texts of one label get vectors alike, those of two labels unlike."""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.api import DeviceUse, Params, RunContext, Split, Training, normalizer
from transformers_pt.classifier import Classifier


def train(
    prepared: Classifier, split: Split, params: Params, seed: int, use: DeviceUse, context: RunContext
) -> Training:
    """Fine-tune the encoder in place on pairs of texts; `params` are those of the recipe `setfit`."""
    import torch
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    clean = normalizer(prepared.encoder.normalization)
    texts = [clean(prepared.encoder.shorten(text)) for text in split.texts]
    steps = math.ceil(2 * params["pairs"] * len(texts) / params["batch_size"])
    with tempfile.TemporaryDirectory() as folder:
        body = _body(prepared, Path(folder), use)
        arguments = TrainingArguments(
            output_dir=folder, batch_size=params["batch_size"], num_epochs=1, num_iterations=params["pairs"],
            max_steps=params["max_steps"] if steps > params["max_steps"] else -1, seed=seed,
            body_learning_rate=params["learning_rate"], report_to="none", save_strategy="no", logging_strategy="no",
            show_progress_bar=False,
        )  # fmt: skip
        model = SetFitModel(model_body=body, labels=list(split.label_names))
        rows = Dataset.from_dict({"text": texts, "label": split.labels.tolist()})
        trainer = Trainer(model=model, args=arguments, train_dataset=rows, callbacks=[_reporting(context)])
        started = time.perf_counter()
        kind = "cuda" if use.actual == "gpu" else "cpu"
        # The context is never left between steps: weights that it kept in bfloat16 would be those of the first.
        with torch.autocast(kind, getattr(torch, use.dtype), use.dtype != "float32", cache_enabled=False):
            trainer.train_embeddings(texts, split.labels.tolist())
        seconds = time.perf_counter() - started
    trained = body[0].auto_model.cpu().state_dict()
    own = prepared.model.encoder.state_dict()
    prepared.model.encoder.load_state_dict({name: trained[name] for name in own})
    texts_seen = 2 * params["batch_size"] * min(steps, params["max_steps"])
    return Training(examples_per_second=texts_seen / seconds, epochs_run=1, device=use)


def _body(prepared: Classifier, folder: Path, use: DeviceUse) -> Any:
    """The encoder as sentence-transformers has it: its layers, the mean of the last, the length that is read."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    prepared.model.encoder.save_pretrained(folder)
    prepared.encoder.tokenizer.save_pretrained(folder)
    layers = Transformer(str(folder), max_seq_length=prepared.encoder.max_length)
    pooling = Pooling(layers.get_embedding_dimension(), "mean")
    return SentenceTransformer(modules=[layers, pooling], device="cuda" if use.actual == "gpu" else "cpu")


def _reporting(context: RunContext) -> Any:
    from transformers import TrainerCallback

    class Reporting(TrainerCallback):
        """Tells the harness each step."""

        def on_step_end(self, args: Any, state: Any, control: Any, **unused: Any) -> None:
            context.progress(state.global_step, state.max_steps)

    return Reporting()
