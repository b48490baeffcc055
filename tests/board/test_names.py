"""What people read: architecture, then what was done, in order; parameters only where names would clash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bench.board.labels import Label, labels
from bench.board.model import LineKey, Model
from bench.board.shortening import WIDTH, brief, cut
from bench.identity import ModelIdentity
from bench.registry import load_recipe


def model(recipe: str, *origins: Model, refit: bool = False, **given: Any) -> Model:
    try:
        params = {**load_recipe(recipe).defaults, **given}
    except Exception:  # a recipe that this machine does not have
        params = given
    identity = ModelIdentity.of(recipe, params, "train+validation" if refit else "train")
    return Model(identity, origins, params, "")


def named(*models: Model, teacher: Model | None = None) -> list[Label]:
    keys = [LineKey("any", some, teacher) for some in models]
    found = labels(keys)
    return [found[key] for key in keys]


def titles(*models: Model) -> list[str]:
    return [label.title for label in named(*models)]


TINYBERT4 = model("finetune", backbone="tweets-tinybert4", dropout=0.1)
PRUNED = model("prune", TINYBERT4, ratio=0.6, teach=True)
THREE = model("ensemble", TINYBERT4, TINYBERT4, TINYBERT4)
TINY = model("distill", THREE, student="tweets-tiny[dropout=0.1]", alpha=0.9)

GALLERY = [
    (model("constant"), "Constant", "constant"),
    (model("linear"), "Linear SVM", "linear"),
    (model("linear", classifier="logreg"), "Logistic regression", "linear"),
    (model("dnn", layers="4096-2048"), "DNN", "dense"),
    (model("lstm", units=64), "LSTM", "recurrent"),
    (model("static"), "Static look-up", "static"),
    (model("nbsvm"), "NB-SVM", "linear"),
    (model("fasttext"), "fastText", "static"),
    (model("textcat"), "spaCy textcat", "other"),
    (model("lexicon"), "VADER lexicon", "other"),
    (TINYBERT4, "TinyBERT-4", "transformer"),
    (model("finetune", weights="random"), "Tiny BERT · from random weights", "transformer"),
    (model("lora", backbone="vinai/bertweet-base"), "bertweet-base · LoRA", "transformer"),
    (model("lora", backbone="distilroberta"), "DistilRoBERTa · LoRA", "transformer"),
    (model("finetune", backbone="mine@01234567"), "mine", "transformer"),
    (model("tinybert", checkpoint="tweets-tiny"), "Tiny BERT (TF)", "transformer"),
    (model("litert", model("tinybert")), "Tiny BERT (TF) · LiteRT int8", "transformer"),
    (PRUNED, "TinyBERT-4 · pruned 60 %", "transformer"),
    (model("quantize", PRUNED), "TinyBERT-4 · pruned 60 % · ONNX int8", "transformer"),
    (model("quantize", TINYBERT4, to="torchao-int8"), "TinyBERT-4 · torchao int8", "transformer"),
    (model("export", TINYBERT4, to="aotinductor"), "TinyBERT-4 · AOTInductor fp32", "transformer"),
    (model("sparsity", TINYBERT4, ratio=0.75), "TinyBERT-4 · sparse 75 %", "transformer"),
    (model("tfmot", model("dnn"), method="cluster"), "DNN · TF-MOT clustered", "dense"),
    (model("port", model("finetune")), "Tiny BERT · ported", "transformer"),
    (model("litert", model("lstm"), precision="full_int8"), "LSTM · LiteRT full int8", "recurrent"),
    (model("distill", THREE, student="static[vocabulary=20000]"), "Static look-up · distilled", "static"),
    (model("distill", THREE, student="static", alpha=0.0), "Static look-up · untaught", "static"),
    (model("distill", TINYBERT4, student="lstm[units=64]"), "LSTM · distilled", "recurrent"),
    (model("quantize", model("prune", TINY), to="openvino-int8"),
     "Tiny BERT · distilled · pruned 50 % · OpenVINO int8", "transformer"),
    (THREE, "3 × TinyBERT-4", "ensemble"),
    (model("ensemble", PRUNED, PRUNED), "2 × TinyBERT-4 (pruned 60 %)", "ensemble"),
    (model("ensemble", model("lstm"), model("dnn")), "LSTM + DNN", "ensemble"),
    (model("ensemble", *(model(r) for r in ("lstm", "dnn", "linear", "static"))), "ensemble of 4", "ensemble"),
    (model("quantize", THREE), "3 × TinyBERT-4 · ONNX int8", "ensemble"),
    (model("bayes"), "bayes", "other"),
    (model("trimmed", model("bayes")), "bayes · trimmed", "other"),
    (model("linear", refit=True), "Linear SVM · refit", "linear"),
]  # fmt: skip


@pytest.mark.parametrize(("some", "title", "family"), GALLERY, ids=[title for _, title, _ in GALLERY])
def test_gallery(some: Model, title: str, family: str) -> None:
    (label,) = named(some)
    assert (label.title, label.family) == (title, family)
    assert len(label.figure) <= WIDTH


def test_on_one_board_all_differ_and_fit_a_figure() -> None:
    found = named(*(some for some, _, _ in GALLERY))
    assert [label.title for label in found] == [title for _, title, _ in GALLERY]
    assert len({label.figure for label in found}) == len(found)
    assert max(len(label.figure) for label in found) <= WIDTH


def test_parameters_stand_only_where_two_would_be_called_alike() -> None:
    masked = model("finetune", backbone="tweets-tinybert4", dropout=0.1, token_masking=0.1, epochs=6)
    assert titles(TINYBERT4, masked, model("quantize", masked)) == [
        "TinyBERT-4", "TinyBERT-4 · token masking 0.1", "TinyBERT-4 · ONNX int8",
    ]  # fmt: skip
    assert titles(model("quantize", TINYBERT4), model("quantize", masked)) == [
        "TinyBERT-4 · ONNX int8", "TinyBERT-4 · token masking 0.1 · ONNX int8",
    ]  # fmt: skip


def test_students_of_one_name_tell_what_taught_them() -> None:
    alone, alpha = (model("distill", of, student="static", alpha=0.9) for of in (TINYBERT4, THREE))
    softer = model("distill", THREE, student="static", alpha=0.5)
    controls = [model("distill", of, student="static", alpha=0.0) for of in (TINYBERT4, THREE)]
    assert titles(*controls) == [
        "Static look-up · untaught · control for TinyBERT-4", "Static look-up · untaught · control for 3 × TinyBERT-4",
    ]  # fmt: skip
    assert titles(alone, alpha) == [
        "Static look-up · distilled · taught by TinyBERT-4", "Static look-up · distilled · taught by 3 × TinyBERT-4",
    ]  # fmt: skip
    assert titles(alpha, softer) == ["Static look-up · distilled · alpha 0.9", "Static look-up · distilled · alpha 0.5"]


def test_a_teacher_that_is_no_parent_is_told_where_it_must_be() -> None:
    keys = [LineKey("any", PRUNED, teacher) for teacher in (TINYBERT4, THREE)]
    found = labels(keys)
    assert [found[key].title for key in keys] == [
        "TinyBERT-4 · pruned 60 %",
        "TinyBERT-4 · pruned 60 % · teacher 3 × TinyBERT-4",
    ]


def test_ensembles_of_one_name_tell_their_members_parameters() -> None:
    masked = model("finetune", backbone="tweets-tinybert4", token_masking=0.1)
    assert titles(THREE, model("ensemble", masked, masked, masked)) == [
        "3 × TinyBERT-4 · dropout 0.1", "3 × TinyBERT-4 · token masking 0.1",
    ]  # fmt: skip


def test_what_no_parameter_tells_apart_is_numbered() -> None:
    some = [Model(ModelIdentity("x", str(i), "train"), (), {}, "") for i in range(2)]
    assert titles(*some) == ["x (1)", "x (2)"]


LONG = [f"bidirectional attention network with {word} embeddings of subwords" for word in ("static", "contextual")]


@pytest.mark.parametrize(
    "title", [*LONG, "a-very-long-hub-name-of-an-encoder-in-lower-case-v2", "ein · " * 20 + "zwei"]
)
def test_names_are_never_cut_inside_a_word(title: str) -> None:
    short = cut(title, WIDTH)
    whole = short.removesuffix("…")
    assert len(short) <= WIDTH and title.startswith(whole) and not title[len(whole)].isalnum()


def test_shortened_names_stay_different() -> None:
    taken: set[str] = set()
    for parts in (
        ["Tiny BERT", "distilled", step, "pruned 50 %", "OpenVINO int8"] for step in ("once", "twice", "thrice")
    ):
        taken.add(brief(" · ".join(parts * 2), parts * 2, taken))
    assert len(taken) == 3 and all(len(name) <= WIDTH for name in taken)
    assert brief("Tiny BERT · distilled · pruned 50 % · OpenVINO int8", _parts(), ()) == (
        "Tiny BERT · … · pruned 50 % · OpenVINO int8"
    )


def _parts() -> Sequence[str]:
    return ["Tiny BERT", "distilled", "pruned 50 %", "OpenVINO int8"]
