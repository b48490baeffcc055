"""The report folder: the page opens alone, hides nothing, lets nothing break out, and carries its evidence."""

from __future__ import annotations

import json
import re
import struct
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.arrays import read_arrays
from bench.board.mistakes import mistakes
from bench.board.predictions import Predictions, best_of_each_recipe
from bench.board.rows import rows
from bench.report.build import build
from bench.store import Store
from tests.report.synthetic import Model, boards_of, result

LOADING = {"src", "srcset", "data", "poster", "background", "action"}


class Page(HTMLParser):
    """Tags with their attributes, text, and the contents of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs).get("type"), ""))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script" and self.cdata_elem == "script":
            kind, before = self.scripts[-1]
            self.scripts[-1] = (kind, before + data)
        elif self.cdata_elem is None:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def figures(self) -> list[dict[str, Any]]:
        return [json.loads(script) for kind, script in self.scripts if kind == "application/json"]


@pytest.fixture(scope="module")
def out(full_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "reports"
    build(full_store, folder, texts=False)
    return folder


@pytest.fixture(scope="module")
def page(out: Path) -> Page:
    return Page((out / "report.html").read_text(encoding="utf-8"))


def test_page_loads_nothing(page: Page) -> None:
    for tag, attributes in page.tags:
        loaded = {name: value for name, value in attributes.items() if name in LOADING and value}
        assert not loaded, (tag, loaded)
        if tag == "link":
            assert attributes["href"] == "data:,"
        if tag == "a":
            assert str(attributes["href"]).startswith("#")
    assert not any(tag in ("iframe", "object", "embed", "img") for tag, _ in page.tags)


def test_style_loads_nothing(out: Path) -> None:
    text = (out / "report.html").read_text()
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style and "@import" not in style and "http" not in style


def test_page_is_of_bounded_size(out: Path) -> None:
    assert 4.5e6 < (out / "report.html").stat().st_size < 6.5e6  # plotly alone is 4.8 MB, and stands in it once


def test_hostile_names_stay_text(page: Page, out: Path) -> None:
    kinds = [kind for kind, _ in page.scripts]
    assert kinds.count(None) == 2  # plotly and our own; the rest is data
    assert set(kinds) == {None, "application/json"}
    assert "<i>synthetic</i>" in page.text and "<b>MemoryError</b>" in page.text
    assert "lstm[name=</script><b>x]" in page.text
    assert not re.search(r"<script>alert", (out / "report.html").read_text())


def test_figures_take_names_as_text(page: Page) -> None:
    """Plotly reads a few tags in its texts: they come escaped."""
    text = json.dumps(page.figures)
    assert "&lt;script&gt;alert(1)" in text and "<script>" not in text


def test_figures_are_finite_and_drawable(page: Page) -> None:
    import plotly.graph_objects as go

    assert len(page.figures) > 20
    for figure in page.figures:
        assert "NaN" not in json.dumps(figure) and "Infinity" not in json.dumps(figure)
        go.Figure(figure)  # plotly refuses what it does not know


def test_tables_say_all(page: Page) -> None:
    text = page.text
    for expected in (
        "Which model should I ship?",
        "=1",
        "can be shown with these texts and seeds",
        "rebuilt: its train text is a reconstruction",
        "out of memory",
        "killed at 21.3 GB; lower units",
        "distilbert · ONNX int8",
        "Intel Xeon",
        "3+1✗",
        "Row ids only",
    ):
        assert expected in text, expected
    assert " nan" not in text.lower() and "None" not in text


def test_every_line_is_in_the_table(page: Page, full_store: Store) -> None:
    for board in boards_of(full_store):
        for line in board.lines:
            assert line.title in page.text


def test_pictures_are_there_and_not_empty(out: Path) -> None:
    names = {path.name for path in (out / "figures").iterdir()}
    kinds = ("quality-latency", "quality-size", "confusion", "per-class", "learning", "reliability")
    assert names == {f"{board}-{kind}.png" for board in ("emotions", "hostile") for kind in kinds}
    for path in (out / "figures").iterdir():
        head = path.read_bytes()[:24]
        width, height = struct.unpack(">II", head[16:24])
        assert head.startswith(b"\x89PNG") and 400 < width < 3000 and 250 < height < 3000, path.name


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


def test_report_again_drops_what_no_longer_counts(store: Store, tmp_path: Path) -> None:
    store.put(*result(Model("linear"), run_id="old"))
    target = tmp_path / "reports"
    build(store, target, texts=False)
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
    build(store, tmp_path / "reports", texts=True)
    names = {path.name for path in (tmp_path / "reports" / "figures").iterdir()}
    assert names == {f"emotions-{kind}.png" for kind in ("quality-size", "confusion", "per-class")}


def test_report_of_failures_alone(store: Store, tmp_path: Path) -> None:
    from tests.report.synthetic import failure

    store.put(failure(Model("linear"), reason=None))
    build(store, tmp_path / "reports", texts=True)
    assert "no reason recorded" in Page((tmp_path / "reports" / "report.html").read_text()).text


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
        text = (tmp_path / "reports" / "report.html").read_text()
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
    build(store, tmp_path / "reports", texts=False)
    assert (tmp_path / "reports" / "figures" / "emotions-per-class.png").is_file()
