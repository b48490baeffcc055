"""The published sets as they lie in `../shared/data`, against the counts of its README. Skipped where it is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.data import Dataset, DatasetRef, load
from bench.data.describe import Description, describe
from tests.conftest import ROOT

SHARED = ROOT.parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the data of ../shared/data are not on this machine")

# train, validation, test rows as published; extra copies of each; exact leaks; normalized leaks
FACTS = {
    "covid19-5": ((41157, 3798), (0, 0), (0,), (2,)),
    "emotions": ((16000, 2000, 2000), (31, 2, 0), (5, 11, 3), (5, 11, 3)),
    "tweeteval-sentiment-rebuilt": ((45615, 2000, 12284), (28, 0, 0), (0, 0, 0), (8, 0, 0)),
    "tweeteval-emotion": ((3257, 374, 1421), (25, 0, 0), (0, 0, 0), (1, 1, 0)),
    "tweet-multilingual": ((14712, 2592, 6960), (0, 0, 0), (0, 2, 1), (9, 20, 3)),
    "sentiment140-100k": ((100000, 359), (637, 0), (0,), (0,)),
    "imdb": ((25000, 25000), (96, 199), (123,), (123,)),
    "sst2": ((67349, 872), (371, 0), (0,), (2,)),
}


def facts(described: Description) -> tuple[tuple[int, ...], ...]:
    return (
        tuple(split.rows for split in described.splits),
        tuple(split.duplicate_rows for split in described.splits),
        tuple(leak.exact for leak in described.leaks),
        tuple(leak.normalized for leak in described.leaks),
    )


def dataset(name: str) -> Dataset:
    return load(DatasetRef(name, data_dir=SHARED))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name == "imdb" else []) for name in FACTS]
)
def test_rows_duplicates_and_leaks_are_those_recorded(name: str) -> None:
    described = describe(DatasetRef(name, data_dir=SHARED))
    assert facts(described) == FACTS[name]


def test_every_leak_of_emotions_has_another_label() -> None:
    described = describe(DatasetRef("emotions", data_dir=SHARED))
    assert [leak.normalized_other_label for leak in described.leaks] == [5, 11, 3]
    assert described.splits[0].conflicting_texts == 30
    assert described.counts["train_rows_dropped_in_test"] == 11


def test_covid_tweets_are_read_as_latin_1_with_their_line_breaks() -> None:
    data = dataset("covid19-5")
    assert data.validation_source == "carved"
    texts = data.train.texts + data.validation.texts
    assert 12_800 < sum("\r\r\n" in text for text in texts) <= 12_844
    assert sum(any("\x80" <= c <= "\x9f" for c in text) for text in texts) > 6_600
    assert dataset("covid19-3").facts.label_names == ("negative", "neutral", "positive")


def test_examples_of_the_readme() -> None:
    emotions = dataset("emotions").train
    assert emotions.label_names[emotions.labels[emotions.texts.index("i didnt feel humiliated")]] == "sadness"
    sst2 = dataset("sst2")
    both = sst2.train.texts + sst2.validation.texts
    assert "hide new secretions from the parental units " in both
    tweets = dataset("sentiment140-100k")
    assert len(tweets.test) == 359 and tweets.counts["rows_left_out_by_label"] == 139


def test_files_are_read_in_place(tmp_path: Path) -> None:
    found = dataset("tweeteval-emotion").files
    assert all(path.suffix == ".xz" and path.is_relative_to(SHARED) for path in found)
