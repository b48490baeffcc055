"""Rows: the published columns, what is empty, what supersedes what."""

from __future__ import annotations

import csv
import io
import json

import pytest

from bench.board.rows import counted, rows
from bench.board.table import CSV_COLUMNS, csv_text, json_text
from bench.schema import Energy
from bench.store import Store
from tests.report.synthetic import Model, failure, result

LINEAR = Model("linear", accuracy=0.9)
PUBLISHED = [
    "run_id",
    "parent_run_id",
    "teacher_run_id",
    "track",
    "recipe",
    "variant",
    "dataset",
    "seed",
    "status",
    "n_test",
    "accuracy",
    "macro_f1",
    "macro_recall",
    "log_loss",
    "ece",
    "parameters",
    "bytes_on_disk",
    "runtime",
    "threads",
    "p50_ms_b1",
    "p95_ms_b1",
    "texts_per_s_b32",
    "train_examples_per_s",
    "peak_rss_mb",
    "artifact",
]


def test_columns_stand_first_and_in_order(store: Store) -> None:
    store.put(*result(LINEAR))
    header = csv_text(rows(store.read_all())).splitlines()[0].split(",")
    assert header[: len(PUBLISHED)] == PUBLISHED == list(CSV_COLUMNS)


def test_values_are_those_of_the_result(store: Store) -> None:
    made, arrays = result(LINEAR)
    store.put(made, arrays)
    (row,) = rows(store.read_all())
    assert made.quality and made.measurement and made.size
    assert row.accuracy == made.quality.accuracy.value
    assert row.performance.threads == 2
    two = [latency for latency in made.measurement.latency if latency.threads == 2]
    speed = row.performance.all_threads
    assert speed.p50_ms_b1 == two[0].p50_ms and speed.texts_per_s_b32 == two[1].texts_per_s
    assert row.performance.one_thread.p50_ms_b1 == made.measurement.latency[0].p50_ms
    assert row.footprint.bytes_on_disk == made.size.bytes_on_disk
    assert row.footprint.peak_rss_mb == pytest.approx(302.5)


def test_length_buckets_do_not_stand_for_all_texts(store: Store) -> None:
    made, arrays = result(LINEAR)
    assert made.measurement
    short = made.measurement.latency[2].model_copy(update={"bucket": "short", "p50_ms": 0.001})
    measurement = made.measurement.model_copy(update={"latency": [short, *made.measurement.latency]})
    store.put(made.model_copy(update={"measurement": measurement}), arrays)
    (row,) = rows(store.read_all())
    assert row.performance.all_threads.p50_ms_b1 > 0.1


def test_an_estimate_of_energy_has_its_own_column(store: Store) -> None:
    made, arrays = result(LINEAR)
    assert made.measurement
    energy = Energy(joules_per_1000_texts=5.0, source="estimate")
    store.put(made.model_copy(update={"measurement": made.measurement.model_copy(update={"energy": energy})}), arrays)
    (row,) = rows(store.read_all())
    assert row.performance.energy_measured_j_per_1000 is None and row.performance.energy_estimated_j_per_1000 == 5.0


def test_a_failure_is_a_row_with_empty_numbers(store: Store) -> None:
    store.put(failure(LINEAR, status="timeout", reason="stopped after 60 s"))
    found = rows(store.read_all())
    (line,) = csv.DictReader(io.StringIO(csv_text(found)))
    assert (line["status"], line["status_reason"]) == ("timeout", "stopped after 60 s")
    assert line["accuracy"] == line["p50_ms_b1"] == line["parameters"] == ""
    assert line["n_test"] == "400"


def test_newest_ok_run_counts(store: Store) -> None:
    for name, minute in (("old", 1), ("new", 2)):
        store.put(*result(LINEAR, run_id=name, started_at=f"2025-01-01T00:0{minute}:00+00:00"))
    late_failure = failure(LINEAR).model_copy(update={"run_id": "newest-but-failed"})
    outcome = late_failure.outcome.model_copy(update={"started_at": "2025-01-01T00:09:00+00:00"})
    store.put(late_failure.model_copy(update={"outcome": outcome}))
    assert [row.run_id for row in counted(rows(store.read_all()))] == ["new"]


@pytest.mark.parametrize("other", [{"seed": 1}, {"dataset": "imdb"}, {"limit": 100}, {"track": "elsewhere"}])
def test_different_runs_do_not_supersede_each_other(store: Store, other: dict[str, object]) -> None:
    store.put(*result(LINEAR, run_id="one"))
    store.put(*result(LINEAR, run_id="other", **other) if "seed" not in other else result(LINEAR, 1, run_id="other"))
    assert len(counted(rows(store.read_all()))) == 2


def test_children_of_different_parents_both_count(store: Store) -> None:
    child = Model("quantize", "bits=8", "compression")
    store.put(*result(LINEAR, run_id="linear"))
    store.put(*result(Model("lstm"), run_id="lstm"))
    for parent in ("linear", "lstm"):
        store.put(*result(child, run_id=f"child-of-{parent}", parent_run_id=parent))
    assert len(counted(rows(store.read_all()))) == 4


def test_child_of_a_parent_that_was_run_again_is_superseded(store: Store) -> None:
    child = Model("quantize", "bits=8", "compression")
    for age in ("old", "new"):
        at = f"2025-01-0{1 if age == 'old' else 2}T00:00:00+00:00"
        store.put(*result(LINEAR, run_id=f"parent-{age}", started_at=at))
        store.put(*result(child, run_id=f"child-{age}", parent_run_id=f"parent-{age}", started_at=at))
    assert {row.run_id for row in counted(rows(store.read_all()))} == {"parent-new", "child-new"}


def test_no_nan_anywhere(full_store: Store) -> None:
    found = rows(full_store.read_all())
    assert "nan" not in csv_text(found).lower().replace("finance", "")
    assert len(json.loads(json_text(found))) == len(found)


def test_csv_keeps_hostile_names(full_store: Store) -> None:
    found = rows(full_store.read_all())
    read = list(csv.DictReader(io.StringIO(csv_text(found))))
    assert [line["variant"] for line in read] == [row.variant for row in found]
