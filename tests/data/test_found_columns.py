"""Columns that are called as they often are need no option; where two could be meant, the user is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.data import DatasetRef, Reading, load, prepare
from bench.data.columns import usual_columns
from bench.data.reading import AS_FOUND
from bench.data.remembered import as_before
from bench.errors import DataError
from benchmarks.files_as_they_come import files, why_not
from tests.data.conftest import reviews


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["review", "sentiment"], ("review", "sentiment")),
        (["Id", "Score", "Summary", "Text"], ("text", "Score")),
        (["PhraseId", "Phrase", "Sentiment"], ("Phrase", "Sentiment")),
        (["tweet_id", "airline_sentiment", "airline_sentiment_confidence", "text"], ("text", "airline_sentiment")),
        (["label", "sentiment", "text"], ("text", "label")),
        (["review", "rating", "stars"], ("review", "label")),
        (["tweet", "comment", "label"], ("text", "label")),
        (["review", "review", "label"], ("text", "label")),
        (["context", "subclass"], ("context", "subclass")),
    ],
)
def test_one_column_alone_is_taken(names: list[str], expected: tuple[str, str]) -> None:
    found = usual_columns(names, AS_FOUND)
    assert (found.text_column, found.label_column) == expected


def test_what_was_chosen_stays() -> None:
    chosen = Reading(text_column="body", label_column="mood")
    assert usual_columns(["review", "sentiment", "mood", "body"], chosen) == chosen


def write(path: Path, header: str) -> Path:
    path.write_text(header + "\n" + "".join(f"{text};{label};{label}\n" for text, label in reviews()))
    return path


def test_it_is_said_and_kept(tmp_path: Path) -> None:
    ref = DatasetRef(str(write(tmp_path / "mine.csv", "Review;Stars;mood")))
    prepared = prepare(ref, tmp_path / "prepared")
    assert prepared.meta.notes == ("columns parted by a semicolon", "texts are of column 'Review', labels of 'Stars'")
    assert prepared.meta.reading == Reading(text_column="Review", label_column="Stars")
    assert as_before(ref, tmp_path / "prepared") == ref, "found again, not remembered"
    with pytest.raises(DataError, match=r"no column 'label'.*Stars, Rating.*--label-column"):
        load(DatasetRef(str(write(tmp_path / "two.csv", "Review;Stars;Rating"))))


def test_what_was_chosen_before_is_not_guessed_again(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", "Review;Stars;mood")
    prepare(DatasetRef(str(path), Reading(label_column="mood")), tmp_path / "prepared")
    again = as_before(DatasetRef(str(path)), tmp_path / "prepared")
    assert again.reading.label_column == "mood"


def test_most_files_as_they_come_are_read_and_none_wrongly(tmp_path: Path) -> None:
    said = {}
    for name, content, rows in files():
        path = tmp_path / name
        path.write_bytes(content)
        said[name] = why_not(path, rows)
    assert len(said) > 60 and not [name for name, why in said.items() if why and why.endswith("are right")]
    assert sum(why is None for why in said.values()) >= 54, {name: why for name, why in said.items() if why}
