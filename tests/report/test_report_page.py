"""The report folder: the page opens alone, hides nothing, lets nothing break out, and carries its evidence."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from bench.arrays import read_arrays
from bench.board.mistakes import mistakes
from bench.board.predictions import Predictions, best_of_each_recipe
from bench.board.rows import rows
from bench.report.build import build
from bench.store import Store
from tests.report.page_data import document
from tests.report.synthetic import Model, boards_of, result


@pytest.fixture(scope="module")
def out(full_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "reports"
    build(full_store, folder, texts=False)
    return folder


@pytest.fixture(scope="module")
def said(out: Path) -> str:
    return json.dumps(document(out), ensure_ascii=False)


def test_nothing_is_loaded(out: Path) -> None:
    text = (out / "index.html").read_text()
    own = text.replace(json.dumps("http://www.w3.org/2000/svg"), "")
    code = own[own.rindex("<script") :] + own[: own.index('<script type="application/gzip"')]
    assert not re.search(r"https?:|url\(|@import|\bfetch\(|XMLHttpRequest|import\(|<iframe|<img|src=", code)


def test_page_is_of_bounded_size(out: Path) -> None:
    assert (out / "index.html").stat().st_size < 400_000


def test_hostile_names_stay_text(said: str, out: Path) -> None:
    assert "<i>synthetic</i>" in said and "<b>MemoryError</b>" in said and "lstm[name=</script><b>x]" in said
    text = (out / "index.html").read_text()
    assert "<script>alert" not in text and "</script><b>" not in text


def test_all_is_said(said: str) -> None:
    for expected in (
        "can be shown with these texts and seeds",
        "rebuilt: its train text is a reconstruction",
        "out of memory",
        "killed at 21.3 GB; lower units",
        "distilbert · ONNX int8",
        "Intel Xeon",
        "Row ids only",
    ):
        assert expected in said or expected.replace(" ", "_") in said, expected
    assert "NaN" not in said and "Infinity" not in said


def test_every_line_and_every_run_is_there(out: Path, full_store: Store) -> None:
    found = document(out)
    for board, own in zip(boards_of(full_store), found["boards"], strict=True):
        assert [line.title for line in board.lines] == [line["title"] for line in own["lines"]]
        assert [line.rank for line in board.lines] == [line["rank"] for line in own["lines"]]
        judged = own["judged"][board.metric]
        assert judged["tied"] == [line.rank == 1 for line in board.lines]
        scores = [f"{line.score:.4f}" for line in board.ok_lines]
        assert [f"{score:.4f}" for score in judged["score"] if score is not None] == scores
    assert set(found["runs"]["columns"]["run_id"]) == set(full_store.run_ids())


def test_figures_are_drawn_when_asked(full_store: Store, out: Path, tmp_path: Path) -> None:
    assert not (out / "figures").exists()
    built = build(full_store, tmp_path, texts=False, figures=True)
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    kinds = ("quality-latency", "quality-size", "per-class")
    assert names == {f"{board}-{kind}.png" for board in ("emotions", "hostile") for kind in kinds}
    assert built.figures == len(names) <= 20
    for path in (tmp_path / "figures").iterdir():
        head = path.read_bytes()[:24]
        width, height = struct.unpack(">II", head[16:24])
        assert head.startswith(b"\x89PNG") and 1000 < width < 4000 and 600 < height < 4000, path.name
    build(full_store, tmp_path, texts=False)
    assert not list((tmp_path / "figures").iterdir()), "what another report drew is not of this one"


def test_results_lie_beside_the_report(out: Path, full_store: Store) -> None:
    assert {path.name for path in (out / "results").iterdir()} == set(full_store.run_ids())
    run = "emotions-linear--s0"
    assert (out / "results" / run / "result.json").read_bytes() == (full_store.folder(run) / "result.json").read_bytes()
    assert not list((out / "results").rglob("log.txt"))
    again = Store(out)  # a published folder reads as a store does
    before, after = (one.arrays(run, "predictions") for one in (full_store, again))
    assert before.keys() == after.keys() and all(np.array_equal(before[name], after[name]) for name in before)
    assert set(read_arrays(out / "results" / run / "predictions.npz")) & {"ids", "labels"} == set()
    boards_drawn = {row.data.dataset for row in rows(again.read_all()) if row.ok}
    assert len(list((out / "splits").glob("test-*.npz"))) == len(boards_drawn), "ids and labels once a data set"
    assert [row.run_id for row in rows(again.read_all())] == full_store.run_ids()


def test_samples_lie_there_in_fewer_bytes(store: Store, tmp_path: Path) -> None:
    samples = {"ns": np.random.default_rng(0).normal(1e6, 2e4, 5000).astype(np.int64), "round": np.zeros(5000, np.int8)}
    store.put(*result(Model("linear"), run_id="timed"), samples)
    build(store, tmp_path, texts=False)
    back = Store(tmp_path).arrays("timed", "samples")
    assert back.keys() == samples.keys() and all(np.array_equal(back[name], samples[name]) for name in samples)
    there, here = (one.file("timed", "samples.npz").stat().st_size for one in (Store(tmp_path), store))
    assert there < 0.9 * here


def test_report_again_drops_what_no_longer_counts(store: Store, tmp_path: Path) -> None:
    store.put(*result(Model("linear"), run_id="old"))
    target = tmp_path / "reports"
    build(store, target, texts=False)
    (target / "figures").mkdir()
    (target / "figures" / "gone-confusion.png").write_bytes(b"")
    foreign = target / "results" / "from-another-machine"
    foreign.mkdir()
    (foreign / "result.json").write_text("{}")
    store.put(*result(Model("linear"), run_id="new", started_at="2026-01-01T00:00:00+00:00"))
    built = build(store, target, texts=False)
    assert {path.name for path in (target / "results").iterdir()} == {"new", "from-another-machine"}
    assert not (target / "figures" / "gone-confusion.png").exists()
    assert len(built.warnings) == 1 and "from-another-machine" in built.warnings[0]


def test_superseded_parent_goes_with_its_child(store: Store, tmp_path: Path) -> None:
    store.put(*result(Model("linear"), run_id="parent-old"))
    store.put(*result(Model("linear"), run_id="parent-new", started_at="2026-01-01T00:00:00+00:00"))
    store.put(*result(Model("quantize", track="compression"), run_id="child", parent_run_id="parent-old"))
    build(store, tmp_path / "reports", texts=False)
    assert {path.name for path in (tmp_path / "reports" / "results").iterdir()} == {"parent-old", "parent-new", "child"}
    text = (tmp_path / "reports" / "results.csv").read_text()
    assert "parent-old," not in text.replace(",parent-old,", ",") and "child,parent-old" in text


def test_report_without_predictions_or_times(store: Store, tmp_path: Path) -> None:
    made, _ = result(Model("linear"))
    store.put(made.model_copy(update={"measurement": None, "memory": None, "training": None}))
    build(store, tmp_path / "reports", texts=True, figures=True)
    names = {path.name for path in (tmp_path / "reports" / "figures").iterdir()}
    assert names == {f"emotions-{kind}.png" for kind in ("quality-size", "per-class")}


def test_report_of_failures_alone(store: Store, tmp_path: Path) -> None:
    from tests.report.synthetic import failure

    store.put(failure(Model("linear"), reason=None))
    build(store, tmp_path / "reports", texts=True)
    assert "no reason recorded" in json.dumps(document(tmp_path / "reports"))


def test_mistakes_are_wrong_confident_and_counted(full_store: Store) -> None:
    board = next(board for board in boards_of(full_store) if board.data.dataset == "emotions")
    shown = best_of_each_recipe(board, Predictions(full_store, rows(full_store.read_all())))
    found = mistakes(shown, {"test-0": "a text"})
    assert found and [m.probability for m in found] == sorted((m.probability for m in found), reverse=True)
    runs = shown[0].predicted
    mean = np.mean([run.probabilities for run in runs], axis=0)
    for mistake in found:
        row = int(mistake.id.removeprefix("test-"))
        names = shown[0].label_names
        assert mistake.true == names[runs[0].labels[row]] != mistake.predicted == names[mean[row].argmax()]
        assert mistake.text == ("a text" if row == 0 else None)
        assert mistake.models_wrong.endswith("of 6")


def test_texts_are_shown_where_prepared_and_allowed(tmp_path: Path) -> None:
    """A user's own file: texts come by the hash of the test rows; --no-texts leaves none of them."""
    from bench.data import DatasetRef, prepare

    table = tmp_path / "mine.csv"
    lines = [f"secret words {i} {'good' if i % 2 else 'bad'},{'up' if i % 2 else 'down'}" for i in range(200)]
    table.write_text("text,label\n" + "\n".join(lines) + "\n")
    store = Store(tmp_path / "store")
    prepared = prepare(DatasetRef(str(table)), store.prepared)
    ids, labels = prepared.test_labels()
    made, arrays = result(
        Model("linear", accuracy=0.8), 0, prepared.name, len(ids), ("down", "up"), "mine", split_hash=prepared.test_hash
    )
    arrays["ids"] = np.array(ids)
    store.put(made, arrays)
    for texts in (True, False):
        build(store, tmp_path / "reports", texts=texts)
        text = json.dumps(document(tmp_path / "reports"))
        assert ("secret words" in text) is texts
        assert "The data set" in text and "to validate (carved)" in text
    assert len(labels) == len(ids)


def test_seeds_that_score_exactly_alike_are_drawn(store: Store, tmp_path: Path) -> None:
    """(0.1 + 0.1 + 0.1) / 3 is more than 0.1: no whisker may point backwards for it."""
    for seed in range(3):
        made, arrays = result(Model("linear"), seed)
        assert made.quality is not None
        alike = [label.model_copy(update={"f1": 0.1}) for label in made.quality.per_class]
        store.put(made.model_copy(update={"quality": made.quality.model_copy(update={"per_class": alike})}), arrays)
    build(store, tmp_path / "reports", texts=False, figures=True)
    assert (tmp_path / "reports" / "figures" / "emotions-per-class.png").is_file()
