"""From published splits to the splits that recipes get."""

from __future__ import annotations

from pathlib import Path

from bench.data import DatasetRef, load
from tests.data.conftest import WriteSet

LINES = {"reader": "lines", "separator": ";"}


def lines(rows: list[tuple[str, str]]) -> bytes:
    return "".join(f"{text};{label}\n" for text, label in rows).encode()


def numbered(prefix: str, n: int) -> list[tuple[str, str]]:
    return [(f"{prefix} {i}", "xy"[i % 2]) for i in range(n)]


def test_published_validation_stays_and_train_loses_what_stands_later(write_set: WriteSet, tmp_path: Path) -> None:
    train = [*numbered("t", 20), ("V 0!", "y"), ("e 1 http://t.co/1", "x"), ("t 3", "x")]
    validation = [*numbered("v", 4), ("E 0", "x")]
    test = numbered("e", 6)
    name = write_set(
        LINES,
        {
            "train": (["a"], 23, {"x": 12, "y": 11}),
            "validation": (["b"], 5, {"x": 3, "y": 2}),
            "test": (["c"], 6, {"x": 3, "y": 3}),
        },
        {"a": lines(train), "b": lines(validation), "c": lines(test)},
    )
    dataset = load(DatasetRef(name, data_dir=tmp_path / "data"))
    assert dataset.validation_source == "published"
    assert dataset.counts == {
        "train_duplicate_rows": 1,
        "train_conflicting_texts": 1,
        "rows_left_out_by_label": 0,
        "train_rows_dropped_in_test": 1,
        "train_rows_dropped_in_validation": 1,
        "validation_rows_in_test": 1,
    }
    assert dataset.validation.texts == [text for text, _ in validation]
    assert len(dataset.train) == 21
    assert dataset.train.ids[-2:] == ["train-00019", "train-00022"]
    assert dataset.train.labels.tolist()[-1] == 0


def test_validation_is_carved_by_text_and_keeps_the_ids_of_train(write_set: WriteSet, tmp_path: Path) -> None:
    train = numbered("t", 200) + numbered("T", 200)
    name = write_set(
        LINES,
        {"train": (["a"], 400, {"x": 200, "y": 200}), "test": (["c"], 6, {"x": 3, "y": 3})},
        {"a": lines(train), "c": lines(numbered("e", 6))},
    )
    dataset = load(DatasetRef(name, data_dir=tmp_path / "data"))
    assert dataset.validation_source == "carved"
    assert (len(dataset.train), len(dataset.validation)) == (360, 40)
    assert dataset.validation.labels.tolist().count(0) == 20
    assert not {t.lower() for t in dataset.train.texts} & {t.lower() for t in dataset.validation.texts}
    ids, texts = dataset.train.ids + dataset.validation.ids, dataset.train.texts + dataset.validation.texts
    both = dict(zip(ids, texts, strict=True))
    assert both == {f"train-{i:05d}": text for i, (text, _) in enumerate(train)}
    again = load(DatasetRef(name, data_dir=tmp_path / "data"))
    assert again.validation.ids == dataset.validation.ids


def test_the_folders_are_searched_in_order(write_set: WriteSet, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    files = {"a": lines(numbered("t", 40)), "c": lines(numbered("e", 6))}
    splits = {"train": (["a"], 40, {"x": 20, "y": 20}), "test": (["c"], 6, {"x": 3, "y": 3})}
    name = write_set(LINES, splits, files, place=False)
    places = [tmp_path / "cache" / "data", tmp_path / "shared" / "data", tmp_path / "cwd" / "data", tmp_path / "env"]
    for place in places:
        place.mkdir(parents=True)
        for file, content in files.items():
            (place / file).write_bytes(content)
        if place.name == "env":
            monkeypatch.setenv("SENTIBENCH_DATA", str(place))
        assert {path.parent for path in load(DatasetRef(name)).files} == {place}
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    (chosen / "a").write_bytes(files["a"])
    assert {path.parent.name for path in load(DatasetRef(name, data_dir=chosen)).files} == {"chosen", "data"}
