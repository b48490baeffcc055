"""A classifier that was trained elsewhere answers as `transformers` says it does, under the data set's labels."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, pipeline

from bench.api import BenchError, Compression, load_artifact
from bench.artifact import name_labels
from bench.params import with_defaults
from compression.recipes.distill import Distill
from compression.recipes.export import Export
from compression.recipes.prune import Prune
from compression.recipes.quantize import Quantize
from tests.baselines.sentences import LABELS, split
from tests.compression.parents import child, write_card
from tests.conftest import Bench, bench_environment
from tests.forks import fork
from tests.transformers_pt.conftest import Checkpoints, fit
from transformers_pt.label_order import order_of
from transformers_pt.recipes.finetune import Finetune
from transformers_pt.recipes.hf import Hf
from transformers_pt.trained import folder_labels

OTHER_ORDER = ("Positive", "negative", "neutral ")
FAMILIES = ("bert", "distilbert", "roberta", "electra", "mpnet", "modernbert", "deberta", "xlm-roberta")


def classifier(encoder: Path, folder: Path, labels: tuple[str, ...] = OTHER_ORDER) -> Path:
    """A folder as others leave it: a head that tells texts apart, labels in an order of its own."""
    torch.manual_seed(3)
    names = dict(enumerate(labels))
    model = AutoModelForSequenceClassification.from_pretrained(
        encoder, num_labels=len(labels), id2label=names, label2id={name: i for i, name in names.items()},
        use_safetensors=True, trust_remote_code=False,
    )  # fmt: skip
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(torch.randn_like(weights) * 0.2)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(encoder, trust_remote_code=False).save_pretrained(folder)
    return folder


def taken(folder: Path, out: Path, **params: Any) -> Any:
    """The predictor of the artifact that is made of it."""
    out.mkdir()
    recipe = Hf()
    given = with_defaults(recipe, {"model": str(folder), **params})
    recipe.resolve(given)
    train = split(30, 0)
    recipe.fit(train, train, given, 0, out)
    return Finetune().load(out)


@pytest.mark.parametrize("family", FAMILIES)
def test_its_answers_are_those_of_the_library_label_by_label(
    family: str, checkpoints: Checkpoints, tmp_path: Path
) -> None:
    folder = classifier(checkpoints[family], tmp_path / "theirs")
    texts = split(24, 2).texts
    ours = taken(folder, tmp_path / "artifact").predict_proba(texts)
    told = pipeline("text-classification", str(folder), top_k=None, truncation=True, max_length=32)(texts)
    theirs = np.array(
        [[{r["label"].strip().lower(): r["score"] for r in row}[name] for name in LABELS] for row in told]
    )
    assert np.allclose(ours, theirs, atol=2e-5)
    again = pipeline("text-classification", str(tmp_path / "artifact"), truncation=True, max_length=32)(texts)
    assert [row["label"] for row in again] == [LABELS[i] for i in ours.argmax(1)]


def test_labels_stand_for_one_another_by_name_or_by_a_mapping() -> None:
    assert order_of(OTHER_ORDER, LABELS, "") == [1, 2, 0]
    plain = ("LABEL_0", "LABEL_1", "LABEL_2")
    assert order_of(plain, LABELS, "LABEL_2=negative, LABEL_0=Neutral,label_1=positive") == [2, 0, 1]
    assert order_of(plain, LABELS, "0=positive;1=negative;2=neutral") == [1, 2, 0]


@pytest.mark.parametrize(
    ("theirs", "mapping", "said"),
    [
        (("LABEL_0", "LABEL_1", "LABEL_2"), "", "say which is which, each once: --labels 'LABEL_0=negative,LABEL_1="),
        (("LABEL_0", "LABEL_1", "LABEL_2"), "LABEL_0=negative,LABEL_1=neutral", "LABEL_2 of none of the data set's"),
        (("negative", "positive"), "", "the data set's neutral of none of the model's"),
        (("negative", "neutral", "positive", "mixed"), "", "the model's mixed of none of the data set's"),
        (("1 star", "2 stars", "3 stars"), "0=negative,1=negative,2=neutral", "both stand for 'negative': one each"),
        (LABELS, "negatve=neutral", "the model has no label 'negatve': did you mean 'negative'?"),
        (LABELS, "negative=neutrl", "the data set has no label 'neutrl': did you mean 'neutral'?"),
        (LABELS, "negative", "write THEIRS=OURS"),
    ],
)
def test_a_mapping_that_leaves_a_label_out_is_told(theirs: tuple[str, ...], mapping: str, said: str) -> None:
    with pytest.raises(BenchError) as error:
        order_of(theirs, LABELS, mapping)
    assert said in str(error.value) and "\n" not in str(error.value)


def configured(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_folders_of_another_task_pickles_and_code_are_refused(checkpoints: Checkpoints, tmp_path: Path) -> None:
    whole = classifier(checkpoints["bert"], tmp_path / "whole")
    assert folder_labels(whole) == list(OTHER_ORDER)

    def said(change: Any) -> str:
        copy = Path(shutil.copytree(whole, tmp_path / "copy"))
        change(copy)
        with pytest.raises(BenchError) as error:
            Hf().resolve(with_defaults(Hf(), {"model": str(copy)}))
        shutil.rmtree(copy)
        return str(error.value)

    def pickled(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        torch.save({}, folder / "pytorch_model.bin")

    assert "no classifier of texts" in said(lambda f: configured(f, architectures=["BertForTokenClassification"]))
    assert "python -m bench run -r 'finetune[backbone=" in said(lambda f: configured(f, architectures=["BertModel"]))
    assert "no classification" in said(lambda f: configured(f, problem_type="regression"))
    assert "a regression's" in said(lambda f: configured(f, id2label={"0": "LABEL_0"}))
    assert "a pickle (pytorch_model.bin)" in said(pickled)
    assert "is an adapter" in said(lambda f: (f / "adapter_config.json").write_text("{}"))
    assert "names code" in said(lambda f: configured(f, auto_map={"AutoModel": "x.Y"}))
    with pytest.raises(BenchError, match="no config"):
        Hf().resolve(with_defaults(Hf(), {"model": str(tmp_path)}))
    with pytest.raises(BenchError, match="name a folder"):
        Hf().resolve(Hf.defaults)


def test_a_head_that_is_not_in_the_file_is_not_made_up(checkpoints: Checkpoints, tmp_path: Path) -> None:
    folder = classifier(checkpoints["bert"], tmp_path / "theirs")
    encoder = AutoModelForSequenceClassification.from_pretrained(
        folder, use_safetensors=True, trust_remote_code=False
    ).bert
    encoder.save_pretrained(tmp_path / "encoder")
    shutil.copy(tmp_path / "encoder" / "model.safetensors", folder / "model.safetensors")
    with pytest.raises(BenchError, match=r"lack 2 tensors, 'classifier\.bias' first: it is not trained"):
        taken(folder, tmp_path / "artifact")


@pytest.mark.parametrize(
    ("labels", "kept"),
    [(OTHER_ORDER, True), (("LABEL_0", "LABEL_1", "LABEL_2"), False), (("bad", "fair", "good"), False)],
)
@pytest.mark.parametrize("family", ["bert", "roberta", "mpnet", "modernbert"])
def test_fine_tuning_keeps_a_head_by_the_names_of_its_labels(
    family: str, labels: tuple[str, ...], kept: bool, checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """Hardly trained, it answers as the folder does, under our names; where these say nothing, with a new head."""
    folder, texts = classifier(checkpoints[family], tmp_path / "theirs", labels), split(24, 2).texts
    changes = {"backbone": str(folder), "epochs": 1, "learning_rate": 1e-9, "normalization": "none"}
    fit(Finetune(), tmp_path / "artifact", changes, rows=60)
    ours = Finetune().load(tmp_path / "artifact").predict_proba(texts)
    mapping = "" if kept else ";".join(f"{i}={LABELS[order]}" for i, order in enumerate((2, 0, 1)))
    theirs = taken(folder, tmp_path / "taken", labels=mapping, normalization="none").predict_proba(texts)
    assert np.allclose(ours, theirs, atol=1e-3) is kept
    assert AutoConfig.from_pretrained(tmp_path / "artifact", trust_remote_code=False).id2label == dict(
        enumerate(LABELS)
    )


def test_what_is_trained_tells_its_labels_and_no_epoch_is_an_error(checkpoints: Checkpoints, tmp_path: Path) -> None:
    folder = classifier(checkpoints["bert"], tmp_path / "theirs")
    name_labels(folder, LABELS)
    assert folder_labels(folder) == list(LABELS)
    with pytest.raises(BenchError, match="epochs=0 of recipe 'finetune': nothing would be learnt"):
        with_defaults(Finetune(), {"epochs": 0})


def added(bench: Bench, folder: Path) -> dict[str, Any]:
    """The row of a model of that folder."""
    done = bench("add", "model", "mine", "--hf", str(folder), "-d", "toy", "--no-measure")
    assert done.returncode == 0 and "mine" in done.stdout, done.stdout + done.stderr
    (path,) = (folder.parent / "store" / "results").glob("*/result.json")
    row: dict[str, Any] = json.loads(path.read_text())
    return row


@pytest.mark.slow
def test_it_is_a_run_of_the_board(bench: Bench, checkpoints: Checkpoints, tmp_path: Path) -> None:
    row = added(bench, classifier(checkpoints["bert"], tmp_path / "theirs"))
    assert row["size"]["parameters"] and "may have seen those of test" in row["training"]["warnings"][0]
    assert row["identity"]["params"]["model"].startswith("theirs@") and str(tmp_path) not in json.dumps(row)
    assert bench("verify", "store").returncode == 0


@pytest.mark.slow
def test_it_can_be_exported_and_compressed(bench: Bench, checkpoints: Checkpoints, tmp_path: Path) -> None:
    run = added(bench, classifier(checkpoints["bert"], tmp_path / "theirs"))["run_id"]
    done = bench("export-model", run, "--out", "folder")
    assert done.returncode == 0 and folder_labels(tmp_path / "folder") == list(LABELS), done.stderr
    done = bench("run", "-r", "export[to=onnx]", "--parent", run, "--measure", "none")
    assert done.returncode == 0 and "mine · ONNX fp32" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_it_is_quantized_exported_pruned_distilled_from_and_served(checkpoints: Checkpoints, tmp_path: Path) -> None:
    artifact, texts = tmp_path / "artifact", split(30, 4).texts
    ours = taken(classifier(checkpoints["bert"], tmp_path / "theirs"), artifact).predict_proba(texts)
    write_card(artifact, "finetune")
    made: list[tuple[str, Compression, dict[str, Any]]] = [
        ("onnx", Export(), {}),
        ("int8", Quantize(), {"to": "onnx-int8"}),
        ("pruned", Prune(), {"importance_rows": 96, "recovery_epochs": 0, "precision": "float32", "ratio": 0.1}),
        ("student", Distill(), {"student": f"finetune[backbone={checkpoints['bert']},epochs=1,precision=float32]"}),
    ]
    for name, recipe, changes in made:
        child(recipe, artifact, tmp_path / name, **changes)
    assert np.allclose(load_artifact(tmp_path / "onnx").predict_proba(texts), ours, atol=1e-4)
    for name in ("int8", "pruned"):
        assert (load_artifact(tmp_path / name).predict_proba(texts).argmax(1) == ours.argmax(1)).mean() > 0.8, name
    assert load_artifact(tmp_path / "student").predict_proba(texts).shape == ours.shape
    for name in ("pruned", "student"):
        assert folder_labels(tmp_path / name) == list(LABELS), name
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    command = ("serving", "predict", "./artifact", "-i", "in.jsonl", "-o", "out.jsonl")
    done = fork("torch", *command, environment=bench_environment(tmp_path), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["predicted"] for row in rows] == [LABELS[i] for i in ours.argmax(1)]


def test_a_mapping_is_checked_before_anything_runs(bench: Bench, checkpoints: Checkpoints, tmp_path: Path) -> None:
    classifier(checkpoints["bert"], tmp_path / "theirs", ("LABEL_0", "LABEL_1", "LABEL_2"))
    done = bench("add", "model", "mine", "--hf", "theirs", "-d", "toy")
    assert done.returncode == 2 and "say which is which" in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "store" / "results").exists()
