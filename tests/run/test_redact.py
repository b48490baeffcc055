"""No path of the user's machine in what is stored or published; names that stay apart where contents differ."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.redact import without_paths
from bench.registry import ROOT, load_recipe
from bench.run.keys import artifact_parts, shown_params
from tests.conftest import Bench

SECRET = "Jane Doe's unmistakable folder"


def test_a_users_file_and_folder_leave_their_names_alone(bench: Bench, tmp_path: Path) -> None:
    home = tmp_path / SECRET
    (home / "tiny").mkdir(parents=True)
    mine = home / "mine.csv"
    mine.write_text("text,label\n" + "".join(f"good {i} day,up\nbad {i} night,down\n" for i in range(80)))
    (home / "tiny" / "words.txt").write_text("good bad")
    recipes = f"bayes[words={home / 'tiny'}]", "broken", f"broken[how=file,file={home / 'tiny'}]"
    ran = bench("run", *(word for recipe in recipes for word in ("-r", recipe)), "-d", str(mine), "--measure", "none")
    assert ran.returncode == 3, ran.stdout + ran.stderr
    assert bench("search", "epochal", "-d", str(mine), "--trials", "1", "--seeds", "none").returncode == 0
    out = tmp_path / "report"
    assert bench("report", "--out", str(out)).returncode == 0
    store = tmp_path / "store"
    kept = [path for folder in ("results", "artifacts", "keys", "prepared") for path in (store / folder).rglob("*")]
    kept += [*store.glob("searches/*.json"), *out.rglob("*")]
    files = [path for path in kept if path.is_file()]
    assert len(files) > 12
    assert [path for path in files if b"unmistakable" in path.read_bytes()] == []
    rows = [json.loads(path.read_bytes()) for path in store.glob("results/*/result.json")]
    trained, raised, refused = sorted(
        rows, key=lambda row: (row["outcome"]["status"] != "ok", row["identity"]["variant"])
    )
    assert trained["identity"]["variant"].startswith("words=tiny@") and trained["data"]["dataset"] == "mine.csv"
    assert 'File "bench/run/worker.py", line' in raised["outcome"]["log_tail"]
    assert refused["identity"]["params"]["file"].startswith("tiny@")
    assert refused["outcome"]["reason"] == "tiny: nothing to learn in it"
    assert (store / "results" / refused["run_id"] / "log.txt").read_text().endswith("reading tiny\n")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("no file /home/jane/data/mine.csv: give one", "no file mine.csv: give one"),
        ("[Errno 2] No such file: '/home/jane/a b/c d.csv'", "[Errno 2] No such file: 'c d.csv'"),
        ("~/secret/mine.csv row 3, /srv/x/y/: gone", "mine.csv row 3, y: gone"),
        ("key=/home/jane/x/y,z", "key=y,z"),
        ("file:///home/jane/x", "file://x"),
        (f'File "{ROOT}/bench/api.py", line 3', 'File "bench/api.py", line 3'),
        ('"/opt/jane doe/lib/site-packages/torch/nn/x.py"', '"torch/nn/x.py"'),
        ("/usr/lib/python3.11/json/decoder.py", "decoder.py"),
        ("""open("/srv/Jane Doe's/x.json")""", 'open("x.json")'),
        ("see https://example.org/a/b/c", "see https://example.org/a/b/c"),
        ("30/40 texts/s, </s>, and/or /r/", "30/40 texts/s, </s>, and/or /r/"),
    ],
)  # fmt: skip
def test_paths_are_cut_to_names_and_nothing_else_is(said: str, left: str) -> None:
    assert without_paths(said, [Path("/home/jane/a b/c d.csv")]) == left


def test_files_of_one_name_and_other_content_are_told_apart(tmp_path: Path) -> None:
    folders = [tmp_path / where / "vectors" for where in ("a", "b", "c")]
    for folder, content in zip(folders, ("one", "two", "one"), strict=True):
        folder.mkdir(parents=True)
        (folder / "vocab.txt").write_text(content)
    for recipe, params in (("lstm", {"vectors": "{}"}), ("distill", {"student": "lstm[vectors={}]"})):
        keys, shown = [], []
        for folder in folders:
            made = load_recipe(recipe)
            given = {**made.defaults, **{name: text.format(folder) for name, text in params.items()}}
            resolved = made.resolve(given)
            keys.append(artifact_parts(made, resolved, given, 0, "0" * 64, "cpu"))
            shown.append(shown_params(resolved, given, keys[-1])[next(iter(params))])
        assert keys[0] == keys[2] != keys[1]
        assert shown[0] == shown[2] != shown[1]
        assert "vectors@" in shown[0] and str(tmp_path) not in json.dumps([keys, shown])
