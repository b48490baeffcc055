"""Learning: what feedback and emoticons teach, who is accepted and who refused, what is never learnt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.api import BenchError, Split
from bench.data import DatasetRef, load
from bench.store import Store
from serving.learn.emoticons import measure, published, weak_label
from serving.learn.feedback import Feedback
from serving.learn.gather import Plan
from serving.learn.ledger import Ledger
from serving.learn.rows import Columns, Row, held_out, labelled_rows, weak_rows
from serving.learn.training_set import sort_out, training_set
from serving.learn.update import run_update
from serving.learn.verdict import compare, verdict
from serving.slot import Slot
from serving.trust import Trust
from tests.serving.conftest import Serving, Trained


@pytest.fixture(scope="module")
def toy() -> Split:
    return load(DatasetRef("toy")).train


@pytest.fixture(scope="module")
def taught(toy: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny encoder, trained for a moment on a sixth of `toy`."""
    from transformers_pt.recipes.finetune import Finetune

    folder = tmp_path_factory.mktemp("taught")
    params = {**Finetune.defaults, "epochs": 2, "learning_rate": 1e-3, "max_length": 32, "precision": "float32"}
    Finetune().fit(part(toy, 0, 400), part(toy, 600, 700), params, 0, folder)
    card = {
        "artifact_version": 1, "recipe": "finetune", "layout": "finetune", "framework": "pytorch", "params": params,
        "seed": 0, "normalization": "plain-1", "label_names": list(toy.label_names), "dataset": "toy",
    }  # fmt: skip
    (folder / "artifact.json").write_text(json.dumps(card))
    return folder


def part(whole: Split, start: int, stop: int) -> Split:
    rows = slice(start, stop)
    return replace(whole, ids=whole.ids[rows], texts=whole.texts[rows], labels=whole.labels[rows])


@pytest.fixture
def slot(taught: Path, tmp_path: Path) -> Slot:
    Slot.create(tmp_path / "live", str(taught), Trust(Store(tmp_path / "store")))
    return Slot.open(tmp_path / "live")


LABELS = ("negative", "neutral", "positive")
JOURNAL_KEYS = [
    "time", "verdict", "reason", "served", "candidate", "rows", "noise", "validation", "margin", "against",
    "on_held_out_feedback", "recipe", "replay", "seconds",
]  # fmt: skip
"""Of each line of `journal.jsonl`, which people's scripts read."""


def write(path: Path, part: Split, shift: int = 0) -> Path:
    """As feedback; `shift` makes every label wrong."""
    labels = [part.label_names[(label + shift) % len(part.label_names)] for label in part.labels.tolist()]
    rows = [json.dumps({"text": text, "label": label}) for text, label in zip(part.texts, labels, strict=True)]
    path.write_text("".join(row + "\n" for row in rows))
    return path


def test_good_feedback_is_accepted_and_wrong_feedback_refused(
    slot: Slot, toy: Split, tmp_path: Path, serving: Serving
) -> None:
    store, logged, first = Store(tmp_path / "store"), list[str](), slot.current()
    recipe = "lora[r=4,alpha=32,lora_dropout=0.01,epochs=4,learning_rate=0.004]"
    feedback = tmp_path / "kept"
    plan = Plan((feedback,), recipe=recipe, replay=0.5, margin=0.02)
    feedback.mkdir()
    assert run_update(slot, store, plan, logged.append) is None and logged == ["0 new rows; an update needs 32"]
    write(feedback / "feedback.jsonl", part(toy, 1000, 1500))
    posts = write(tmp_path / "posts.jsonl", part(toy, 1500, 1900))  # their labels are not read
    good = run_update(slot, store, replace(plan, weak=posts), logged.append)
    assert good is not None and good.verdict == "accepted", good
    assert slot.current() == good.candidate != first and slot.card(slot.current())["learnt_from"] == first
    assert good.rows.labelled + good.rows.held_out == 500
    assert 20 < good.rows.weak < 100 and good.noise["positive"] == (pytest.approx(0.127, abs=1e-3), "measured")
    gain = good.on_held_out_feedback
    assert gain is not None and gain.texts == good.rows.held_out > 10
    assert run_update(slot, store, plan, logged.append) is None  # nothing is new any more
    write(feedback / "feedback.jsonl", part(toy, 600, 800), shift=1)
    options = ("--recipe", recipe, "--replay", "0", "--margin", "5", "--store", "store")
    ran = serving("learn", "live", "--feedback", "kept", *options, kind="torch")
    bad = Ledger(slot).decisions()[-1]
    assert ran.returncode == 1 and b"refused: worse than" in ran.stdout and b"the margin is 5" in ran.stdout, ran
    assert bad.verdict == "refused" and bad.margin == 0.05 and slot.current() == good.candidate
    assert {other.against for other in bad.against} == {first, good.candidate}
    assert bad.against[0].difference < -0.05 and bad.reason.startswith("worse than")
    assert not slot.folder(bad.candidate).exists() and not (slot.root / ".learning").exists()
    ledger = Ledger(slot)
    assert [line.verdict for line in ledger.decisions()] == ["accepted", "refused"] and ledger.decisions()[0] == good
    assert ledger.learnt(slot.current()) < ledger.used() and not ledger.learnt(first)
    lines = [json.loads(line) for line in (slot.root / "journal.jsonl").read_text().splitlines()]
    assert all(list(line) == JOURNAL_KEYS for line in lines)
    assert "text" not in json.dumps([{**line, "against": 0, "on_held_out_feedback": 0} for line in lines])


def test_the_rule_asks_for_proof() -> None:
    labels = np.zeros(1000, np.int64)

    def right(wrong: Sequence[int]) -> np.ndarray:
        probabilities = np.tile(np.array([0.9, 0.1], np.float32), (1000, 1))
        probabilities[list(wrong)] = [0.1, 0.9]
        return probabilities

    served = right(range(100))
    better, worse = compare("a", labels, served, right(range(60))), compare("b", labels, right(()), right(range(60)))
    tie = compare("c", labels, served, right([*range(60), *range(200, 241)]))  # of which little is known
    for comparison, accepted, reason in (
        (better, True, "no worse than"), (tie, False, "not shown to be no worse"), (worse, False, "worse than"),
    ):  # fmt: skip
        found, why = verdict([comparison], 0.005)
        assert found == accepted and why.startswith(reason), why
    assert [verdict([tie], tie.low * -wider)[0] for wider in (0.99, 1.0)] == [False, True]
    for low, margin, accepted in ((-0.0049, 0.005, True), (-0.0051, 0.005, False), (-0.04, 0.005, False)):
        assert verdict([replace(tie, low=low)], margin)[0] == accepted, (low, margin)
    assert Plan(()).margin == 0.005, "what the command's half a point is"
    assert verdict([better, worse], 0.005)[0] is False  # against the version that a person chose, too
    assert (better.corrections, better.regressions, better.p < 1e-6) == (40, 0, True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("so good :)", ("so good", "positive")), ("nice 👍🏽 yes ❤️ :-))", ("nice yes", "positive")),
        ("oh no :'( again", ("oh no again", "negative")), ("oh no", None), (":)", None), ("good :) bad :(", None),
        ("see http://a.b or (2:)", None), ("id:D", None), ("😂 what", None),
    ],
)  # fmt: skip
def test_emoticons_tell_a_label_and_are_taken_out(text: str, found: tuple[str, str] | None) -> None:
    assert weak_label(text) == found


def test_the_noise_of_emoticons_is_measured_where_it_can_be(tmp_path: Path) -> None:
    train = load(DatasetRef("toy")).train
    noise = measure(train)
    rows = [(weak_label(text), label) for text, label in zip(train.texts, train.labels, strict=True)]
    happy = [label for weak, label in rows if weak and weak[1] == "positive"]
    assert noise["positive"].texts == len(happy) > 100
    assert noise["positive"].wrong == pytest.approx(1 - np.mean([label == 2 for label in happy]))
    assert noise["positive"].target[2] == pytest.approx(1 - noise["positive"].wrong)
    few = measure(replace(train, texts=train.texts[:200], labels=train.labels[:200]))["negative"]
    assert not few.measured and few.wrong == pytest.approx(1 - 2960 / 5147) and "Kralj Novak" in few.summary()
    assert published("positive", neutral=False) == pytest.approx(2782 / (2782 + 31094))
    with pytest.raises(BenchError, match="emoticons are positive or negative; the labels are joy, anger"):
        measure(replace(train, label_names=("joy", "anger", "fear")))
    posts = tmp_path / "posts.jsonl"
    posts.write_text('{"text": "so good :)", "predicted": "negative"}\n{"text": "plain"}\n{"text": "gone :("}\ntorn')
    weak = weak_rows(posts, noise, train.label_names, (), 10, Columns())
    assert [(row.text, row.label) for row in weak] == [("so good", 2), ("gone", 0)]
    assert not weak_rows(posts, noise, train.label_names, {row.key for row in weak}, 10, Columns())
    whole = training_set([Row("k", "sure", 1), *weak], train, [], 0.8, 0)
    assert (
        len(whole) == 15
        and whole.soft_targets is not None
        and (whole.soft_targets.alpha, whole.soft_targets.temperature) == (1, 1)
    )
    targets = dict(zip(whole.texts, whole.soft_targets.probabilities, strict=True))
    assert targets["sure"].tolist() == [0, 1, 0] and targets["so good"].tolist() == noise["positive"].target.tolist()
    assert training_set([Row("k", "sure", 1)], train, [], 0.0, 0).soft_targets is None


def test_what_is_validated_or_tested_on_is_never_learnt() -> None:
    rows = [Row(str(i) * 32, text, 0) for i, text in enumerate(["new one", "Seen, in TEST", "other"])]
    weak = [replace(row, key="9" * 32, target=np.ones(3, np.float32) / 3) for row in rows[2:]]
    news = sort_out(rows, weak, ["seen in test"])
    assert news.left_out == [rows[1].key, "9" * 32] and {*news.keys} == {rows[0].key, rows[2].key}
    assert [row.key for row in news.held_out] == [row.key for row in rows if held_out(row.key) and row is not rows[1]]


def test_the_last_label_of_a_post_counts_and_an_unknown_one_is_told(tmp_path: Path) -> None:
    kept = Feedback.open(tmp_path)
    labelled = [("a b :)", "negative", None), ("a b :(", "neutral", None), ("a b :)", "positive", None)]
    for text, label, post in [*labelled, ("x", "neutral", "7")]:
        assert kept.append(text, label, post, "m")
    table = tmp_path / "more.csv"
    table.write_text('id,text,label\n7,"x, corrected",positive\n8,,neutral\n')
    rows = labelled_rows([kept.path, table], LABELS, Columns())
    assert [(row.text, row.label) for row in rows] == [("a b :(", 1), ("a b :)", 2), ("x, corrected", 2)]
    table.write_text("text,label\na,happy\n")
    with pytest.raises(BenchError, match=r"more.csv record 1: the model has no label 'happy': available: negative"):
        labelled_rows([table], LABELS, Columns())
    table.write_text("text,lable\na,positive\n")
    with pytest.raises(BenchError, match=r"no column 'label': did you mean 'lable'.*--feedback-label-column"):
        labelled_rows([table], LABELS, Columns())


def test_what_cannot_learn_is_one_line(serving: Serving, trained: Trained, tmp_path: Path) -> None:
    assert serving("slot", "create", "live", trained.run).returncode == 0
    (tmp_path / "f").mkdir()
    for options, message in (
        ((), "an artifact of 'bayes' (layout 'bayes') cannot learn on: those in the layout of finetune or lora can"),
        (("--every", "5"), "--every 5: give a number and a unit: 30s, 10m, 6h, 1d"),
    ):
        ran = serving("learn", "live", "--feedback", "f", *options)
        stderr = ran.stderr.decode()
        assert ran.returncode == 2 and message in stderr and len(stderr.strip().splitlines()) == 1, stderr
