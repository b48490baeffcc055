"""spaCy's text classifier (`textcat`), from random weights: https://spacy.io/api/architectures#textcat."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baselines.vectorize import MAX_CHARACTERS, characters_cut, encodable
from bench.api import (
    STANDALONE,
    BenchError,
    Choice,
    DeviceUse,
    EpochLog,
    LogUniform,
    Params,
    Predictor,
    Probabilities,
    Recipe,
    RunContext,
    Split,
    Training,
    Truncation,
    Uniform,
    did_you_mean,
    epoch_scores,
    normalizer,
)

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

ARCHITECTURES = ("ensemble", "bow")
MONITORS = ("accuracy", "macro_f1", "macro_recall")
PIPE = "textcat"
SAMPLE = "A text, by which spaCy finds the widths of its layers."
BATCH = 256
"""Texts classified at once: of them all spaCy would hold every layer's output."""


class TextCat(Recipe):
    """spaCy's `textcat`, its layers and its optimizer as spaCy has them by default; a language's rules cut words.

    No pretrained pipeline is loaded. A kill loses the training: it takes minutes.
    """

    name, framework, requires = "textcat", "spacy", ("spacy", "safetensors")
    defaults = {
        "architecture": "ensemble",  # `ensemble`: convolutions and a bag of words; `bow`: a bag of words alone
        "language": "en",  # whose rules cut words, as spaCy names it; `xx` is any
        "learning_rate": 0.001,  # of Adam
        "dropout": 0.1,  # share of the inputs of its layers that is left out
        "batch_size": 32,  # texts of a step
        "epochs": 10,  # passes over the training texts at most
        "patience": 2,  # epochs without a better one on validation before it ends
        "monitor": "accuracy",  # by which score on validation an epoch is best: accuracy, macro_f1, macro_recall
    }
    space = {
        "architecture": Choice("ensemble", "bow"),
        "learning_rate": LogUniform(0.0003, 0.01),
        "dropout": Uniform(0.0, 0.5),
        "batch_size": Choice(16, 32, 64),
    }
    smoke = {"epochs": 2}
    sources = ("artifact.py", "vectorize.py")
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
        """Train, and keep the weights of the best epoch on validation."""
        from thinc.api import Adam, fix_random_seed

        from baselines.artifact import save_artifact

        _check(params)
        fix_random_seed(seed)
        nlp = _pipeline(params, len(train.label_names))
        predictor = TextCatPredictor(nlp, self.normalization)
        validate = _validation(predictor, validation) if len(validation) else None
        steps, rate = -(-len(train) // params["batch_size"]), params["learning_rate"]
        context = replace(context, checkpoint=None)
        log = EpochLog(steps, len(train), params, lambda step: rate, validate, tuple, context)
        optimizer = Adam(rate, L2=0.01, grad_clip=1.0)  # as in spaCy's own configuration
        _train(predictor, train, log, optimizer, params, seed)
        last = weights(nlp)
        kept = dict(zip(last, log.best, strict=True)) if log.best else last
        config = {"label_names": list(train.label_names), "normalization": self.normalization, "params": dict(params)}
        save_artifact(out_dir, config, kept)
        return log.training(DeviceUse())

    def load(self, artifact_dir: Path) -> Predictor:
        """Numbers from safetensors into a new pipeline of the parameters in JSON."""
        from baselines.artifact import load_artifact

        config, arrays = load_artifact(artifact_dir)
        nlp = _pipeline(config["params"], len(config["label_names"]))
        for name, node, key in _places(nlp):
            node.set_param(key, arrays[name])
        return TextCatPredictor(nlp, config["normalization"])


class TextCatPredictor(Predictor):
    """Texts to documents of spaCy, documents to probabilities by the one component of its pipeline."""

    runtime = "spacy"

    def __init__(self, nlp: Language, normalization: str) -> None:
        self.nlp, self.normalization = nlp, normalization
        self.component: Any = nlp.get_pipe(PIPE)
        self._alone = threading.Lock()
        arrays = weights(nlp).values()
        self.parameters = sum(array.size for array in arrays)
        self.nonzero_parameters = sum(int(np.count_nonzero(array)) for array in arrays)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]."""
        with self._alone, self.nlp.memory_zone():  # without one it would keep every new word; there is one at a time
            return self.classify(self.documents(texts))

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """Text to words, words to probabilities."""
        return {"tokenize": self.documents, "forward": self.classify}

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """Of these texts, by characters."""
        return characters_cut(texts)

    def documents(self, texts: Sequence[str]) -> list[Doc]:
        """As spaCy cuts them. An empty one is a space, as it gives a document without words no probabilities."""
        clean = (normalizer(self.normalization)(text[:MAX_CHARACTERS]) for text in texts)
        return [self.nlp.make_doc(encodable(text) or " ") for text in clean]

    def classify(self, documents: list[Doc]) -> Probabilities:
        """Float32 [n_documents, n_labels]."""
        batches = [documents[start : start + BATCH] for start in range(0, len(documents), BATCH)]
        none = np.zeros((0, len(self.component.labels)), np.float32)
        return np.concatenate([none, *map(self.component.predict, batches)])


def weights(nlp: Language) -> dict[str, Any]:
    """Copies of all its arrays, by the number and the name of their layer."""
    return {name: node.get_param(key).copy() for name, node, key in _places(nlp)}


def _places(nlp: Language) -> Iterator[tuple[str, Any, str]]:
    model: Any = getattr(nlp.get_pipe(PIPE), "model")  # noqa: B009
    for number, node in enumerate(model.walk()):
        for key in node.param_names:
            if node.has_param(key):
                yield f"{number}.{node.name}.{key}", node, key


def _pipeline(params: Params, labels: int) -> Language:
    """Of random weights. Its labels are numbers."""
    import spacy
    from spacy.pipeline.textcat import DEFAULT_SINGLE_TEXTCAT_MODEL
    from spacy.training import Example

    nlp = spacy.blank(params["language"])
    whole: dict[str, Any] = DEFAULT_SINGLE_TEXTCAT_MODEL
    model = whole if params["architecture"] == "ensemble" else whole["linear_model"]
    component: Any = nlp.add_pipe(PIPE, config={"model": model})
    names = [*map(str, range(labels))]
    sample = [Example.from_dict(nlp.make_doc(SAMPLE), {"cats": dict.fromkeys(names, 0.0)})]
    component.initialize(lambda: sample, nlp=nlp, labels=names)
    return nlp


def _validation(predictor: TextCatPredictor, validation: Split) -> Callable[[], tuple[dict[str, float], list[Any]]]:
    """Scores of the texts, cut into words once, and the weights that have them."""
    documents = predictor.documents(validation.texts)

    def validate() -> tuple[dict[str, float], list[Any]]:
        logits = np.log(np.maximum(predictor.classify(documents), 1e-12))
        return epoch_scores(logits, validation.labels), list(weights(predictor.nlp).values())

    return validate


def _train(predictor: TextCatPredictor, train: Split, log: EpochLog, optimizer: Any, params: Params, seed: int) -> None:
    """Batches in an order of the seed, until the log is over."""
    from spacy.training import Example

    names = predictor.component.labels
    examples = [
        Example.from_dict(document, {"cats": {name: float(name == str(label)) for name in names}})
        for document, label in zip(predictor.documents(train.texts), train.labels, strict=True)
    ]
    random, size = np.random.default_rng(seed), params["batch_size"]
    log.begin()
    while not log.over:
        order, losses = random.permutation(len(examples)), dict[str, float]()
        for number in range(log.steps):
            batch = [examples[i] for i in order[number * size : (number + 1) * size]]
            predictor.component.update(batch, drop=params["dropout"], sgd=optimizer, losses=losses)
            log.after(log.step + 1, losses[PIPE] / (number + 1))


def _check(params: Params) -> None:
    for name, known in (("architecture", ARCHITECTURES), ("monitor", MONITORS)):
        if params[name] not in known:
            raise BenchError(f"{name}={params[name]}: {did_you_mean(params[name], known)}")
    for name in ("epochs", "batch_size"):
        if params[name] < 1:
            raise BenchError(f"{name}={params[name]}: give a number of 1 or more")
    import spacy

    try:
        spacy.blank(params["language"])
    except ImportError as error:  # unknown, or one that needs a package of its own
        raise BenchError(f"language={params['language']}: {str(error).splitlines()[0]}") from None
