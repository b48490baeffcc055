"""How many labels are enough, which to make next, and whether those who made them agree."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.audit.agreement import agreement
from bench.audit.curve import _fit, _gain, learning_curve
from bench.audit.next import to_label
from tests.audit.test_audit import split
from tests.conftest import Bench


def test_the_law_of_a_curve_is_found() -> None:
    counts = 2.0 ** np.arange(4, 14)
    laws = _fit(counts, np.stack([0.9 - 1.5 * counts**-0.6, np.full(10, 0.7)], axis=1))
    assert laws[:, 0] == pytest.approx((0.9, 1.5, 0.6), rel=0.1)
    assert _gain(laws, 8192, 1000) == pytest.approx([1.5 * (8192**-0.6 - 9192**-0.6), 0.0], abs=1e-4)


def test_more_labels_help_where_there_is_something_to_learn_and_not_where_there_is_nothing() -> None:
    train, held = split(1600, 1), split(600, 2)
    noisy = np.where(np.random.default_rng(0).random(1600) < 0.3, 1 - train.labels, train.labels)
    learnt = learning_curve(replace(train, labels=noisy), held, "accuracy")
    assert learnt is not None and learnt.points[0].score < learnt.points[-1].score
    assert [point.labels for point in learnt.points] == [25, 50, 100, 200, 400, 800, 1600]
    assert learnt.gain > 0 and learnt.gain_low <= learnt.gain <= learnt.gain_high and "1,000 more labels" in learnt.line
    chance = np.random.default_rng(1).integers(0, 2, 1600)
    nothing = learning_curve(replace(train, labels=chance), held, "macro_recall")
    assert nothing is not None and nothing.gain_low <= 0.005 and nothing.metric == "macro_recall"
    assert learning_curve(split(60, 3), held, "accuracy") is None, "too few rows for a curve"


def test_what_to_label_next_is_unsure_new_and_of_many_kinds() -> None:
    train = split(300)
    sure = split(200, 4).texts
    kinds = [f"{kind} {n}" for kind in ("zebra crossing", "quantum chess", "oat cake") for n in range(30)]
    found = to_label(train, ["", *train.texts[:50], *sure, *kinds, *kinds], 12)
    texts = [each.text for each in found]
    assert len(found) == len(set(texts)) == 12 and not set(texts) & set(train.texts)
    assert {kind.split()[0] for kind in texts} >= {"zebra", "quantum", "oat"}
    margins = [each.margin for each in found]
    assert margins == sorted(margins) and margins[0] < 0.2
    assert to_label(train, train.texts) == []


def test_agreement_has_the_published_values() -> None:
    # Fleiss (1971) as on Wikipedia: 10 subjects, 14 raters, 5 categories, kappa .210
    table = [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1], [7, 7, 0, 0, 0],
             [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]]  # fmt: skip
    codes = np.array([[label for label, n in enumerate(row) for _ in range(n)] for row in table])
    found = agreement(codes, [str(i) for i in range(14)], 5)
    assert found.fleiss == pytest.approx(0.210, abs=5e-4)
    # Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), part C: 4 observers, gaps, nominal .743
    gaps = np.array([
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]).T - 1  # fmt: skip
    found = agreement(gaps, ["a", "b", "c", "d"], 5)
    assert found.krippendorff == pytest.approx(0.743, abs=5e-4) and found.rows == 11
    assert agreement(np.zeros((5, 2), np.int64), ["a", "b"], 2).cohen == 1.0


def test_the_command_tells_the_curve_the_annotators_and_what_to_label(bench: Bench, tmp_path: Path) -> None:
    given = split(500)
    random = np.random.default_rng(0)
    with (tmp_path / "mine.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", "ann", "bob", "note"])
        for text, label in zip(given.texts, given.labels.tolist(), strict=True):
            said = [label if random.random() < 0.9 else 1 - label for _ in range(2)]
            names = [given.label_names[each] for each in said]
            writer.writerow([text, given.label_names[label], names[0], "" if random.random() < 0.1 else names[1], "x"])
    (tmp_path / "more.csv").write_text("text\n" + "".join(f"an odd thing number {i}\n" for i in range(150)))
    ran = bench("data", "audit", "mine.csv", "--out", "found", "--unlabelled", "more.csv")
    assert ran.returncode == 0, ran.stderr
    assert "2 annotators (ann, bob)" in ran.stdout and "more labels are worth about" in ran.stdout
    report = json.loads((tmp_path / "found" / "mine.csv-audit.json").read_text())
    assert 0.5 < report["agreement"]["krippendorff"] < 0.8 and len(report["curve"]["points"]) >= 4
    with (tmp_path / "found" / "mine.csv-next.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert 0 < len(rows) <= 100 and rows[0]["label"] == "" and rows[0]["text"].startswith("an odd thing")
    ran = bench("data", "audit", "mine.csv", "--unlabelled", "none.csv")
    assert ran.returncode == 2 and "none.csv" in ran.stderr and ran.stderr.count("\n") == 1, ran.stderr
