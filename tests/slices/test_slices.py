"""Slices: what is in them, and that those which differ, and no others, are named."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bench.data import DatasetRef, load
from bench.data.context import Written, written
from bench.slices.compare import compare
from bench.slices.context import by_context
from bench.slices.definitions import members
from tests.conftest import ROOT, Bench
from tests.report.page_data import as_text

TEXTS = [
    "I don't like it", "so good 😍", "well :) fine", "#fail again", "@maria hello", "see https://t.co/x", "why?",
    "now!",
    "GREAT stuff", "sooo good", "7 days", "the women said no", "ça va très bien été", "zzyzx qwfp", "gut aber teuer",
]  # fmt: skip
TRAIN = ["I like it so good well fine again hello see why now great stuff days the women said no"] * 2


def test_each_slice_holds_the_texts_that_show_it() -> None:
    found = members(TEXTS, TRAIN)
    expected = {
        "negation": {0, 11}, "emoji": {1}, "emoticon": {2}, "hashtag": {3}, "mention": {4}, "link": {5},
        "question": {6},
        "exclamation": {7}, "capitals": {8}, "elongation": {9}, "number": {10}, "gender": {11}, "other scripts": {12},
    }  # fmt: skip
    for name, texts in expected.items():
        assert set(np.flatnonzero(found[name]).tolist()) == texts, name
    assert {13, 14} <= set(np.flatnonzero(found["unknown words"]).tolist())


def predictions(labels: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    return np.where(wrong, 1 - labels, labels)


def test_a_slice_that_is_worse_is_named_and_others_are_not() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 2000)
    inside = {name: random.random(2000) < 0.2 for name in ("a", "b", "c", "d", "e")}
    noise = random.random((2, 2000)) < 0.1
    worse = inside["c"] & (random.random(2000) < 0.3)
    found = compare(inside, labels, [predictions(labels, some | worse) for some in noise])
    assert [each.name for each in found if each.differs] == ["c"] == [found[0].name]
    assert found[0].low < found[0].difference < found[0].high < 0
    assert found[0].n == inside["c"].sum()


def test_of_several_labels_all_must_be_right() -> None:
    random = np.random.default_rng(0)
    labels, inside = random.integers(0, 2, (400, 3)), {"a": random.random(400) < 0.3}
    wrong = np.zeros((400, 3), np.int64)
    wrong[inside["a"], 1] = random.random(inside["a"].sum()) < 0.5
    (found,) = compare(inside, labels, [labels, labels ^ wrong])
    assert found.differs and found.accuracy == pytest.approx(1 - wrong[inside["a"], 1].mean() / 2)


@pytest.mark.parametrize(
    ("n", "share", "errors"), [(300, 0.3, 0.2), pytest.param(2000, 0.05, 0.03, marks=pytest.mark.slow)]
)
def test_few_false_alarms_over_many_boards(n: int, share: float, errors: float) -> None:
    alarms, tries = 0, 100
    for seed in range(tries):
        random = np.random.default_rng(seed)
        labels = random.integers(0, 2, n)
        inside = {str(i): random.random(n) < share for i in range(15)}
        found = compare(inside, labels, [predictions(labels, random.random(n) < errors) for _ in range(2)])
        alarms += any(each.differs for each in found)
    assert alarms <= tries * 0.05 + 2.5 * (tries * 0.05 * 0.95) ** 0.5


def test_small_slices_and_perfect_models_say_nothing() -> None:
    labels = np.array([0, 1] * 50)
    tiny = np.arange(100) < 5
    half = np.arange(100) < 50
    assert compare({"tiny": tiny}, labels, [predictions(labels, np.zeros(100, bool))]) == []
    (only,) = compare({"half": half}, labels, [predictions(labels, np.zeros(100, bool))])
    assert (only.difference, only.p, only.differs) == (0, 1, False)


def test_the_command_finds_the_texts_again(bench: Bench, tmp_path: Path) -> None:
    assert bench("run", "-r", "bayes", "-d", "toy", "--seeds", "0,1", "--measure", "none").returncode == 0
    shown = bench("slices", "-d", "toy", "--all")
    assert shown.returncode == 0 and "negation" in shown.stdout and "after correction" in shown.stdout
    document = json.loads(bench("slices", "bayes", "-d", "toy", "--json").stdout)
    assert all(0 <= each["p"] <= 1 for each in document["slices"])
    assert bench("report").returncode == 0
    page = as_text(tmp_path / "reports")
    differing = sum(each["differs"] for each in document["slices"])
    assert f"{differing} of {len(document['slices'])} slices differ from the rest after correction" in page
    (stored,) = (tmp_path / "reports" / "slices").iterdir()
    assert stored.stem in {path.name for path in (tmp_path / "store" / "results").iterdir()}
    assert "did you mean 'bayes'" in bench("slices", "bayse", "-d", "toy").stderr
    assert "no results on data set 'emotions'" in bench("slices", "-d", "emotions").stderr


def test_periods_are_whole_days_and_places_the_frequent_ones() -> None:
    days = [date(2020, 3, 1)] * 5 + [date(2020, 3, day) for day in (2, 3, 3, 4)] + [None]
    places = ["Paris", "paris", " "] * 3 + [f"{number}th Street" for number in range(20)]
    found = by_context(Written(days, [place.strip() for place in places]))
    periods = {name: int(inside.sum()) for name, inside in found.items() if name.startswith("from")}
    assert periods == {"from 2020-03-01 to 2020-03-02": 6, "from 2020-03-03 to 2020-03-04": 3}
    assert found["place paris"].sum() == 6 and found["no place given"].sum() == 3
    assert len([name for name in found if name.startswith("place ")]) == 10
    assert by_context(Written()) == {} and by_context(Written([None], [""])).keys() == {"no place given"}


def test_a_file_with_dates_and_places_has_slices_of_them(bench: Bench, tmp_path: Path) -> None:
    rows = [
        f"{'good' if n % 2 else 'bad'} day {n},{n % 2},2020-0{1 + n % 3}-01,{('Paris', '')[n % 2]}" for n in range(600)
    ]
    (tmp_path / "mine.csv").write_text("text,label,date,place\n" + "\n".join(rows) + "\n")
    assert bench("run", "-r", "bayes", "-d", "mine.csv", "--measure", "none").returncode == 0
    names = {each["name"] for each in json.loads(bench("slices", "-d", "mine.csv", "--json").stdout)["slices"]}
    assert {"place Paris", "no place given", "from 2020-01-01 to 2020-01-01"} <= names


def test_rows_that_are_not_those_of_the_file_have_no_date(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text,label,date\none,a,2020-01-01\ntwo,b,soon\n")
    ref = DatasetRef(str(tmp_path / "mine.csv"))
    assert written(ref, ["row-00001", "row-00000"], ["two", "one"]) == Written([None, date(2020, 1, 1)])
    assert written(ref, ["row-00001"], ["one"]) == Written() == written(DatasetRef("toy"), [], [])


@pytest.mark.skipif(not (ROOT.parent / "shared" / "data").is_dir(), reason="the data of ../shared/data are not here")
@pytest.mark.parametrize(("name", "first", "last"), [("covid19-5", (2020, 3, 2), (2020, 3, 16)),
                                                     ("sentiment140-100k", (2009, 5, 11), (2009, 6, 14))])  # fmt: skip
def test_published_sets_tell_when_and_where(name: str, first: tuple[int, ...], last: tuple[int, ...]) -> None:
    ref = DatasetRef(name, data_dir=ROOT.parent / "shared" / "data")
    test = load(ref).test
    found = written(ref, test.ids, test.texts)
    assert found.dates is not None and None not in found.dates
    assert (min(filter(None, found.dates)), max(filter(None, found.dates))) == (date(*first), date(*last))
    assert (found.places is not None and found.places.count("") == 835) == (name == "covid19-5")
