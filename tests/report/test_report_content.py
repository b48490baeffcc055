"""The whole of a report on a store of fixtures: what its tables say, and how often the store is read for it."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.report.build import build
from tests.board.test_family import family_store
from tests.report.page_data import document
from tests.report.synthetic import Model, failure, result

EXPECTED = Path(__file__).parent / "expected"
"""Written anew by `SENTIBENCH_EXPECT=1 python -m pytest tests/report/test_report_content.py`; read the difference."""


class Reads:
    """How often each file below a folder is opened to be read, copies apart."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.root: str | None = None
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.root is None or event not in ("open", "shutil.copyfile"):
            return
        path = os.fspath(arguments[0]) if isinstance(arguments[0], str | os.PathLike) else ""
        if path.startswith(self.root):  # a copy opens its source as well
            self.count[path.removeprefix(self.root)] += 1 if event == "open" else -1


def tables(folder: Path) -> str:
    """The tables of the page: a line a row, cells between bars."""
    said = document(folder)
    shown = [said["techniques"], *(family for board in said["boards"] for family in board["families"])]
    folds = [fold for board in said["boards"] for fold in board["folds"]] + said["folds"]
    shown += [block for fold in folds for block in fold["blocks"] if block["kind"] == "table"]
    lines = [row for table in shown for row in ([title for title, _ in table["columns"]], *table["rows"])]
    return "".join(" | ".join(map(str, line)) + "\n" for line in lines)


@dataclass(frozen=True)
class Report:
    """A report and what was read for it."""

    folder: Path
    tables: str
    reads: Counter[str]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A family, a failure, a run that another supersedes, a refit, and two defaults of one parameter."""
    folder = tmp_path_factory.mktemp("content")
    store = family_store(folder / "store")
    store.put(failure(Model("lstm", "units=4096"), status="out_of_memory", reason="killed at 21.3 GB", log_tail="…"))
    for age, units, day in (("older", 64, 1), ("old", 128, 2), ("new", 128, 3)):
        made, arrays = result(Model("lstm"), 0, n=300, run_id=age, started_at=f"2025-02-0{day}T00:00:00+00:00")
        params = dict(made.identity.params) | {"units": units}
        store.put(made.model_copy(update={"identity": made.identity.model_copy(update={"params": params})}), arrays)
    note = "trained on train and validation together, 3 epochs"
    refit = {"trained_on": "train+validation", "notes": [note], "variant": "C=1,refit", "validation": None}
    store.put(*result(Model("linear", "C=1"), 0, n=300, run_id="refit", **refit))
    reads = Reads()
    reads.root = f"{store.results}{os.sep}"
    build(store, folder / "out", texts=False)
    reads.root = None
    return Report(folder / "out", tables(folder / "out"), reads.count)


def test_every_result_is_read_once_and_its_predictions_to_draw_and_to_publish(report: Report) -> None:
    most = {"result.json": 1, "predictions.npz": 2}
    assert {name: count for name, count in report.reads.items() if count > most.get(Path(name).name, 1)} == {}
    runs = [name for name, count in report.reads.items() if name.endswith("result.json") and count == 1]
    assert len(runs) == len(list((report.folder / "results").iterdir())) + 1  # the superseded one is not copied


@pytest.mark.parametrize("name", ["leaderboard.md", "tables.txt"])
def test_the_report_says_what_it_said(name: str, report: Report) -> None:
    text = (report.folder / name).read_text() if name == "leaderboard.md" else report.tables
    if os.environ.get("SENTIBENCH_EXPECT"):
        (EXPECTED / name).write_text(text)
    assert text == (EXPECTED / name).read_text()


def test_the_page_shows_what_single_parameters_do(report: Report) -> None:
    (board,) = document(report.folder)["boards"]
    titles = [fold["title"] for fold in board["folds"]]
    assert "What single parameters do" in titles and "Calibration" in titles


def test_a_technique_is_what_was_done_to_the_parent(report: Report) -> None:
    """Pruning that its parent teaches is pruning, and the student that nobody taught is none of the distilled."""
    rows = document(report.folder)["techniques"]["rows"]
    pairs = {"distilled": "2", "ONNX int8": "1", "pruned 60 %": "1", "untaught student": "1"}
    assert {row[0]: row[1] for row in rows} == pairs
