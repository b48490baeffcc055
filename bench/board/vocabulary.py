"""What architectures and steps are called wherever people read, and which family a model is of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, get_args

from bench.board.recipes import recipe_of
from bench.contract import Params
from bench.errors import BenchError
from bench.params import parse_recipe, written

Family = Literal["transformer", "recurrent", "static", "dense", "linear", "ensemble", "constant", "other"]
"""What runs in the end: a distilled model is of its student's family, a compressed one of its parent's."""
FAMILIES: tuple[Family, ...] = get_args(Family)


class Architecture(NamedTuple):
    """What a model is before anything is done to it."""

    name: str
    family: Family
    tags: tuple[str, ...] = ()


BACKBONES = {
    "tweets-tiny": "Tiny BERT", "tweets-tinybert4": "TinyBERT-4", "tiny": "Tiny BERT", "mini": "Mini BERT",
    "tinybert4": "TinyBERT-4", "tinybert6": "TinyBERT-6", "tinybert": "TinyBERT-4 general", "bert": "BERT",
    "bert-tiny": "BERT-Tiny", "bert-mini": "BERT-Mini", "bert-small": "BERT-Small", "bert-medium": "BERT-Medium",
    "roberta": "RoBERTa", "roberta-large": "RoBERTa large", "roberta-tiny": "RoBERTa tiny",
    "twitter-roberta": "Twitter-RoBERTa", "timelms": "TimeLMs RoBERTa", "distilroberta": "DistilRoBERTa",
    "distilbert": "DistilBERT", "distilbert-multilingual": "DistilBERT multilingual", "bertweet": "BERTweet",
    "bertweet-large": "BERTweet large", "minilm": "MiniLM-12", "minilm-l6": "MiniLM-6", "mpnet": "MPNet",
    "modernbert": "ModernBERT", "modernbert-large": "ModernBERT large", "deberta-v3": "DeBERTa-v3",
    "deberta-v3-small": "DeBERTa-v3 small", "deberta-v3-xsmall": "DeBERTa-v3 xsmall", "xlm-roberta": "XLM-RoBERTa",
    "twitter-xlm-roberta": "Twitter-XLM-RoBERTa", "electra-small": "ELECTRA small",
    "covid-twitter-bert": "COVID-Twitter-BERT",
}  # fmt: skip
"""Encoders by the name of their preset or shape; any other is called by the last part of its own."""
ENCODERS: dict[str, tuple[str, ...]] = {
    "finetune": (),
    "lora": ("LoRA",),
    "zeroshot": ("zero-shot",),
    "setfit": ("SetFit",),
}
"""Recipes that take a backbone, and what they did with it."""
CLASSIFIERS = {"svm": "Linear SVM", "logreg": "Logistic regression"}
RUNTIMES = {"onnx": "ONNX", "openvino": "OpenVINO", "torch": "PyTorch", "aotinductor": "AOTInductor"}
PRECISIONS = {"dynamic_int8": "int8", "full_int8": "full int8", "float32": "fp32"}
TFMOT = {"prune": "sparse", "cluster": "clustered", "qat": "QAT"}


def architecture(recipe: str, params: Params) -> Architecture:
    """Of a recipe that trains from texts; a recipe that is not known here goes by its own name."""
    if recipe in ENCODERS:
        return Architecture(backbone(params.get("backbone")), "transformer", (*_weights(params), *ENCODERS[recipe]))
    if recipe == "tinybert":
        shape = params.get("checkpoint", "auto")
        shape = (params.get("architecture") or "tiny") if shape == "auto" else shape
        return Architecture(f"{backbone(shape)} (TF)", "transformer", _weights(params))
    if recipe == "hf":
        return Architecture(str(params.get("title") or backbone(params.get("model"))), "transformer")
    if recipe == "linear":
        return Architecture(CLASSIFIERS.get(str(params.get("classifier")), "Linear"), "linear")
    named: dict[str, Architecture] = {
        "constant": Architecture("Constant", "constant"), "dnn": Architecture("DNN", "dense"),
        "lstm": Architecture("LSTM", "recurrent"), "static": Architecture("Static look-up", "static"),
        "nbsvm": Architecture("NB-SVM", "linear"), "fasttext": Architecture("fastText", "static"),
        "lexicon": Architecture("VADER lexicon", "other"),
        "model2vec": Architecture("model2vec", "static"), "textcat": Architecture("spaCy textcat", "other"),
    }  # fmt: skip
    return named.get(recipe, Architecture(step(recipe, params), "other"))


def student(params: Params) -> Architecture:
    """Of what a distillation trains, with how: taught, or as a control by labels alone."""
    name, given = student_of(params)
    recipe = recipe_of(name)
    of = Architecture(backbone(name), "transformer")
    if recipe is not None:
        of = architecture(name, {**recipe.defaults, **given})
    return of._replace(tags=(*of.tags, "distilled" if params.get("alpha", 1.0) else "untaught"))


def student_of(params: Params) -> tuple[str, Params]:
    """The recipe or preset of a distillation's student, and the parameters that it was given."""
    text = str(params.get("student", "student"))
    try:
        return parse_recipe(text)
    except BenchError:
        return text, {}


def backbone(name: Any) -> str:
    """`TinyBERT-4`; the last part of a hub name or of `folder@hash`."""
    text = str(name or "encoder").partition("@")[0].rstrip("/")
    return BACKBONES.get(text, text.rpartition("/")[2])


def step(recipe: str, params: Params) -> str:
    """What was done to a parent: `pruned 60 %`, `ONNX int8`; the recipe's own name where it is not known here."""
    return (STEPS[recipe](params) if recipe in STEPS else "") or recipe


def words(key: str, value: Any) -> str:
    """A parameter as people say it: `token masking 0.1`, `no teach`."""
    name = key.replace("_", " ")
    if isinstance(value, bool):
        return name if value else f"no {name}"
    return f"{name} {written(value)}"


def _weights(params: Params) -> tuple[str, ...]:
    return ("from random weights",) if params.get("weights") == "random" else ()


def _percent(value: Any) -> str:
    return f" {100 * value:.3g} %" if isinstance(value, int | float) else ""


def _target(params: Params) -> str:
    runtime, _, precision = str(params.get("to", "")).partition("-")
    return f"{RUNTIMES.get(runtime, runtime)} {precision.replace('-', ' ')}".strip()


STEPS: dict[str, Callable[[Params], str]] = {
    "prune": lambda params: f"pruned{_percent(params.get('ratio'))}",
    "sparsity": lambda params: f"sparse{_percent(params.get('ratio'))}",
    "quantize": _target,
    "export": lambda params: f"{_target(params)} fp32",
    "litert": lambda params: f"LiteRT {PRECISIONS.get(str(params.get('precision')), params.get('precision', ''))}",
    "tfmot": lambda params: f"TF-MOT {TFMOT.get(str(params.get('method')), params.get('method', ''))}",
    "port": lambda params: "ported",
}
