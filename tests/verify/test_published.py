"""A published folder that was altered: each alteration is found, also where the list of files was mended after it."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.artifact import adopt
from bench.board.rows import rows
from bench.board.table import csv_text
from bench.confidence.fit import confidence_of
from bench.confidence.storage import CONFIDENCE
from bench.data import DatasetRef, Prepared, prepare
from bench.data.digest import file_sha256
from bench.machine import environment
from bench.measure.measurement import summarize
from bench.measure.quality import score, validation_scores
from bench.measure.size import measure_size
from bench.measure.timing import run_round
from bench.packed_probabilities import unpack
from bench.report.build import build
from bench.robustness.evaluation import ROBUSTNESS, Behaviour, Robustness
from bench.schema import Data, Identity, Memory, Outcome, Result
from bench.split_labels import restore
from bench.store import Store
from bench.verify import verify
from tests.conftest import ROOT, Bench
from tests.report.page_data import as_text, put_text
from tests.verify.test_stored import SETTINGS, Keyword, edit, edit_arrays

FIRST, SECOND = "keyword-toy-s1", "keyword-toy-s2"
RESULT = f"results/{FIRST}/result.json"


def put_run(store: Store, seed: int, prepared: Prepared) -> Result:
    """One finished run on `prepared`, every number of it scored and measured by the harness's own code."""
    names, test, validation = list(prepared.label_names), prepared.test(), prepared.validation()
    random = np.random.default_rng(seed)
    probabilities, chosen = (random.dirichlet(np.ones(len(names)), len(s)).astype("f4") for s in (test, validation))
    measurement, samples, peak = summarize([run_round(Keyword, test.texts, SETTINGS)])
    work = store.root / "new-artifact"
    work.mkdir(parents=True)
    (work / "weights.json").write_text(json.dumps(["aei", seed]))
    artifact = adopt(work, store.artifacts)
    result = Result(
        run_id=f"keyword-toy-s{seed}",
        identity=Identity(
            track="baselines", recipe="keyword", variant="", framework="numpy", params={}, seed=seed, artifact=artifact,
            artifact_key="k" * 8, source_hash="s" * 8, git_commit="c" * 40, dirty=seed == 3,
        ),
        data=Data(
            dataset="toy", revision="1", n_test=len(test), label_names=names, split_hash=prepared.test_hash,
            train_hash=prepared.train_hash,
        ),
        outcome=Outcome(status="ok", started_at=f"2026-01-0{seed}T00:00:00+00:00"),
        environment=environment(["numpy"], {}),
        quality=score(test.labels, probabilities, names, n_bootstrap=20),
        validation=validation_scores(validation.labels, chosen, names),
        size=measure_size(store.artifacts / artifact, 3, 3),
        measurement=measurement,
        memory=Memory(inference_peak_bytes=peak),
    )  # fmt: skip
    predictions = {
        "ids": np.array(test.ids), "labels": test.labels, "probabilities": probabilities,
        "validation_labels": validation.labels, "validation_probabilities": chosen,
    }  # fmt: skip
    store.put(result, predictions, samples)
    return result


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three runs on a prepared `toy`, one of which was calibrated, and an older run that is superseded."""
    store = Store(tmp_path_factory.mktemp("published") / "store")
    prepared = prepare(DatasetRef("toy"), store.prepared, limit=300)
    made = [put_run(store, seed, prepared) for seed in (1, 2, 3)]
    CONFIDENCE.put(store.root, confidence_of(made[0], store.arrays(FIRST, "predictions"), "temperature", "accuracy"))
    behaviour = [Behaviour(capability="negation", failures={})]
    ROBUSTNESS.put(
        store.root,
        Robustness(run_id=FIRST, dataset="toy", artifact="a", behaviour=behaviour, perturbed=[], domains=[]),
    )
    older = made[1].outcome.model_copy(update={"started_at": "2025-01-01T00:00:00+00:00"})
    store.put(made[1].model_copy(update={"run_id": "older", "outcome": older}), store.arrays(SECOND, "predictions"))
    return store


@pytest.fixture(scope="module")
def report(store: Store) -> Path:
    """Published with figures, texts left out."""
    build(store, store.root.parent / "reports", texts=False, figures=True)
    return store.root.parent / "reports"


@pytest.fixture
def published(report: Path, tmp_path: Path) -> Path:
    """A copy of its own for a test to damage."""
    return Path(shutil.copytree(report, tmp_path / "reports"))


def said(directory: Path, store: Path | None = None) -> list[str]:
    return [str(problem) for problem in verify(directory, store=store)]


def mend(published: Path) -> None:
    """List the files of the manifest anew, as who altered one would."""
    path = published / "manifest.json"
    manifest = json.loads(path.read_text())
    files = {name: published / name for name in manifest["files"] if (published / name).is_file()}
    manifest["files"] = {n: {"bytes": p.stat().st_size, "sha256": file_sha256(p)} for n, p in files.items()}
    path.write_text(json.dumps(manifest))


def swap(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def swap_data(published: Path, old: str, new: str) -> None:
    """In what the page says."""
    page = as_text(published)
    assert old in page
    put_text(published, page.replace(old, new, 1))


def cell(path: Path, before: str, after: str) -> Callable[[Path], None]:
    return lambda published: swap(published / path, before, after)


def rewrite_table(published: Path) -> None:
    """Rows of `results.csv` as the altered results give them."""
    store = Store(published)
    (published / "results.csv").write_text(csv_text(rows(store.read_all())))


def in_result(*keys: Any, value: Any) -> Callable[[Path], None]:
    """A field of a result, and its row with it."""

    def alter(published: Path) -> None:
        edit(published / RESULT, *keys, value=value)
        rewrite_table(published)

    return alter


def first_mean(published: Path) -> str:
    """How the tables write the only line's mean accuracy."""
    with (published / "results.csv").open() as file:
        return f"{np.mean([float(row['accuracy']) for row in csv.DictReader(file)]):.3f}"


def alter_page(published: Path) -> None:
    page = as_text(published)
    place = page.index('"score":[') + len('"score":[')
    put_text(published, page[:place] + "0.999" + page[page.index("]", place) :])


def alter_code(published: Path) -> None:
    swap(published / "index.html", '? "not shown to be worse than"', '? "better than"')


def alter_leaderboard(published: Path) -> None:
    swap(published / "leaderboard.md", f"| {first_mean(published)} ±", "| 0.999 ±")


def alter_headline(published: Path) -> None:
    swap_data(published, '"headline":"', '"headline":"Surely: ')


def drop_seed(published: Path) -> None:
    shutil.rmtree(published / "results" / FIRST)
    rewrite_table(published)


def drop_figure(published: Path) -> None:
    (published / "figures" / "toy-per-class.png").unlink()


def halve_sizes(published: Path) -> None:
    size = json.loads((published / RESULT).read_text())["size"]
    for name in ("bytes_on_disk", "bytes_gzipped"):
        size[name] //= 2
    size["bits_per_weight"] = 8 * size["bytes_on_disk"] / size["parameters"]
    size["files"] = {"weights.json": size["bytes_on_disk"]}
    edit(published / RESULT, "size", value=size)
    rewrite_table(published)


def score_again(published: Path, run_id: str) -> None:
    """Numbers that agree with the forged labels."""
    path = published / "results" / run_id / "result.json"
    predictions = path.with_name("predictions.npz")
    arrays = restore(published / "splits", unpack(predictions, dict(np.load(predictions))))
    names = json.loads(path.read_text())["data"]["label_names"]
    quality = score(arrays["labels"], arrays["probabilities"], names, n_bootstrap=20)
    edit(path, "quality", value=quality.model_dump(mode="json"))


def forge_one(published: Path) -> None:
    path = published / "results" / FIRST / "predictions.npz"
    whole = restore(published / "splits", dict(np.load(path)))

    def own(arrays: dict[str, Any]) -> None:
        del arrays["test_split"]
        arrays |= {"ids": whole["ids"], "labels": np.where(np.arange(len(whole["ids"])) < 200, 0, whole["labels"])}

    edit_arrays(path, own)
    score_again(published, FIRST)
    rewrite_table(published)


def forge_all(published: Path) -> None:
    (path,) = (published / "splits").glob("test-*.npz")
    edit_arrays(path, lambda arrays: arrays["labels"].__setitem__(slice(0, 200), 0))
    for folder in (published / "results").iterdir():
        score_again(published, folder.name)
    rewrite_table(published)


def alter_probability(published: Path) -> None:
    def swapped(arrays: dict[str, Any]) -> None:
        """One text has another class as its largest."""
        arrays["probabilities_largest"][0] = (arrays["probabilities_largest"][0] + 1) % 2

    edit_arrays(published / "results" / FIRST / "predictions.npz", swapped)


FIGURE = "figures/toy-per-class.png"
ALTERED: list[tuple[str, Callable[[Path], Any], str, str]] = [
    ("a score of the page", alter_page, "index.html", "index.html: boards.toy.judged."),
    ("what the page does with its data", alter_code, "index.html", "index.html: code"),
    ("the advice of the page", alter_headline, "index.html", "index.html: boards.toy.headline is 'Surely: "),
    (
        "a cell of leaderboard.md",
        alter_leaderboard,
        "leaderboard.md",
        "leaderboard.md: cells.toy, row 1, score is '0.999 ±",
    ),
    ("a removed figure", drop_figure, FIGURE, "manifest.json: has the data of the figure"),
    ("a removed seed", drop_seed, f"results/{FIRST}", f"results/{FIRST}: removed: the manifest has this run"),
    ("halved sizes", halve_sizes, RESULT, f"{RESULT}: size.bytes_on_disk is"),
    ("another seed", in_result("identity", "seed", value=7), RESULT, f"{RESULT}: seed is 7, in the manifest 1"),
    (
        "another machine",
        in_result("environment", "machine", value="0" * 12),
        RESULT,
        f"{RESULT}: machine is '000000000000', in the manifest '",
    ),
    (
        "another date",
        in_result("outcome", "started_at", value="2026-03-01T00:00:00+00:00"),
        RESULT,
        f"{RESULT}: started_at is '2026-03-01",
    ),
    (
        "another commit",
        in_result("identity", "git_commit", value="d" * 40),
        RESULT,
        f"{RESULT}: git_commit is 'dddd",
    ),
    ("a probability", alter_probability, f"results/{FIRST}/predictions.npz", f"{RESULT}: quality."),
    ("labels of one run", forge_one, RESULT, f"results/{FIRST}/predictions.npz: its ids and labels of test are not"),
]


def test_what_was_published_agrees(report: Path, store: Store) -> None:
    assert said(report) == []
    assert said(report, store.root) == []


@pytest.mark.parametrize(("alter", "where", "mended"), [a[1:] for a in ALTERED], ids=[a[0] for a in ALTERED])
def test_an_alteration_is_found_and_also_where_the_list_of_files_was_mended(
    published: Path, alter: Callable[[Path], Any], where: str, mended: str
) -> None:
    alter(published)
    problems = said(published)
    assert any(p.startswith((f"{where}: changed", f"{where}: removed")) for p in problems), problems
    mend(published)
    problems = said(published)
    assert any(p.startswith(mended) for p in problems), problems


def test_another_picture_under_the_name_of_a_figure_is_found(published: Path) -> None:
    shutil.copy(published / FIGURE.replace("per-class", "quality-size"), published / FIGURE)
    assert said(published) == [f"{FIGURE}: changed: its bytes are not those of the manifest"]


def test_a_figure_of_other_data_is_found(published: Path) -> None:
    edit(published / "manifest.json", "figures", FIGURE, value="0" * 64)
    assert said(published) == [f"{FIGURE}: it draws other data than the results have"]


def test_labels_of_all_runs_of_a_split_are_held_against_the_manifest_and_the_data(
    published: Path, store: Store
) -> None:
    forge_all(published)
    (name,) = (path.name for path in (published / "splits").glob("test-*"))
    assert f"splits/{name}: changed: its bytes are not those of the manifest" in said(published)
    mend(published)
    found = [line for line in said(published, store.root) if "labels of test are not those of the data" in line]
    assert len(found) == 3


def test_a_split_that_is_not_of_the_data_and_one_that_no_run_uses_are_named(published: Path) -> None:
    (path,) = (published / "splits").glob("test-*.npz")
    shutil.copy(path, path.with_stem("test-0123456789abcdef"))
    assert "splits/test-0123456789abcdef.npz: no run refers to it" in said(published)
    edit_arrays(
        published / "results" / FIRST / "predictions.npz",
        lambda arrays: arrays.update(test_split=np.array("test-0123456789abcdef")),
    )
    assert any("is not of the test split of its data" in line for line in said(published))


def test_what_was_added_is_named_but_not_what_lies_beside(published: Path) -> None:
    for name in ("figures/new.png", "results/new/result.json", "notes.txt"):
        (published / name).parent.mkdir(exist_ok=True)
        (published / name).write_text("{}")
    added = [line.partition(":")[0] for line in said(published) if "added: the manifest" in line]
    assert added == ["figures/new.png", "results/new/result.json"]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("confidence.md", "On test:", "On the test:"), ("robustness.md", "| negation | – |", "| negation | 0 |")],
)
def test_tables_of_calibration_and_behaviour_are_compared_with_what_was_stored(
    published: Path, name: str, before: str, after: str
) -> None:
    swap(published / name, before, after)
    mend(published)
    (problem,) = said(published)
    assert problem.startswith(f"{name}: cells."), problem


def test_sections_on_data_are_compared_where_the_data_are_prepared(published: Path, store: Store) -> None:
    swap_data(published, "split as published", "split as I like it")
    mend(published)
    notes = list[str]()
    assert verify(published, note=notes.append) == []
    assert any("sections on the data of toy were not made again" in note for note in notes)
    assert any("index.html: boards.toy.folds" in line for line in said(published, store.root))


def test_what_other_code_made_is_noted_where_it_differs(published: Path) -> None:
    alter_leaderboard(published)
    mend(published)
    edit(published / "manifest.json", "software", "source", value="0" * 64)
    notes = list[str]()
    assert verify(published, note=notes.append) == []
    assert any(note.startswith("leaderboard.md: made by other code") for note in notes)


@pytest.mark.parametrize("content", ["", "[]", '{"made_at": "today"}'])
def test_a_damaged_manifest_is_a_problem(published: Path, content: str) -> None:
    (published / "manifest.json").write_text(content)
    problems = said(published)
    assert len(problems) == 1 and problems[0].startswith("manifest.json: "), problems


def test_without_a_manifest_one_line_says_so(published: Path) -> None:
    (published / "manifest.json").unlink()
    notes = list[str]()
    assert verify(published, note=notes.append) == []
    assert notes[-1].startswith("warning: 1 run (keyword-toy-s3) of code that differs from its commit")
    assert [note for note in notes if note.startswith("no manifest.json: ")]


@pytest.fixture
def git(published: Path) -> Iterator[Callable[..., None]]:
    def run(*arguments: str) -> None:
        identity = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(published.parent), *identity, *arguments], check=True, capture_output=True)

    run("init")
    yield run


def test_the_commit_that_signed_the_manifest_off_is_named(published: Path, git: Callable[..., None]) -> None:
    def signed() -> str:
        notes = list[str]()
        verify(published, note=notes.append)
        return notes[0]

    assert signed() == "nobody signed manifest.json off: it is in no commit"
    git("add", "reports/manifest.json")
    git("commit", "-m", "published")
    assert signed().startswith("manifest.json was signed off by commit ")
    edit(published / "manifest.json", "runs", FIRST, "seed", value=7)
    assert signed().startswith("nobody signed this manifest.json off: it is not that of commit ")


def test_our_own_reports_agree(bench: Bench) -> None:
    done = bench("verify", str(ROOT / "reports"))
    assert done.returncode == 0, done.stdout
    assert "not proved: " in done.stderr


def test_what_is_published_stays_small() -> None:
    sizes = {path: path.stat().st_size for path in (ROOT / "reports").rglob("*") if path.is_file()}
    assert sizes[ROOT / "reports" / "index.html"] <= 1_000_000
    published = {path: size for path, size in sizes.items() if "data" not in path.parts and "local" not in path.parts}
    assert sum(published.values()) < 60_000_000
