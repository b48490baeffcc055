"""No path of the user's machine in what is stored or published; names that stay apart where contents differ."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.redact import without_paths
from bench.registry import ROOT, load_recipe
from bench.run.keys import artifact_parts, shown_params
from tests.conftest import Bench
from tests.transformers_pt.checkpoints import checkpoint

SECRET = "Jane Doe's unmistakable folder"


def test_a_users_file_and_backbone_leave_their_names_alone(bench: Bench, tmp_path: Path) -> None:
    home = tmp_path / SECRET
    backbone = checkpoint("bert", home / "tiny")
    torn = checkpoint("bert", home / "torn")
    (torn / "model.safetensors").write_bytes(b"torn")
    mine = home / "mine.csv"
    mine.write_text("text,label\n" + "".join(f"good {i} day,up\nbad {i} night,down\n" for i in range(80)))
    finetune = [f"finetune[backbone={folder},epochs=1,precision=float32]" for folder in (backbone, torn)]
    recipes = [word for recipe in (*finetune, "broken") for word in ("-r", recipe)]
    ran = bench("run", *recipes, "-d", str(mine), "--measure", "none")
    assert ran.returncode == 3, ran.stdout + ran.stderr
    assert bench("search", "epochal", "-d", str(mine), "--trials", "1", "--seeds", "none").returncode == 0
    out = tmp_path / "report"
    assert bench("report", "--out", str(out)).returncode == 0
    store = tmp_path / "store"
    kept = [path for folder in ("results", "artifacts", "keys", "prepared") for path in (store / folder).rglob("*")]
    kept += [*store.glob("searches/*.json"), *out.rglob("*")]
    files = [path for path in kept if path.is_file()]
    assert len(files) > 15
    assert [path for path in files if b"unmistakable" in path.read_bytes()] == []
    rows = [json.loads(path.read_bytes()) for path in store.glob("results/*/result.json")]
    told = {(row["identity"]["recipe"], row["outcome"]["status"]): row for row in rows}
    assert told["finetune", "ok"]["identity"]["variant"].startswith("backbone=tiny@")
    assert told["finetune", "ok"]["data"]["dataset"] == "mine.csv"
    assert "backbone torn cannot be loaded" in told["finetune", "failed"]["outcome"]["reason"]
    tail = told["broken", "failed"]["outcome"]["log_tail"]
    assert 'File "bench/run/worker.py", line' in tail and str(ROOT) not in tail


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
            keys.append(artifact_parts(made, given, 0, "0" * 64, "cpu"))
            shown.append(shown_params(made, given, keys[-1])[next(iter(params))])
        assert keys[0] == keys[2] != keys[1]
        assert shown[0] == shown[2] != shown[1]
        assert "vectors@" in shown[0] and str(tmp_path) not in json.dumps([keys, shown])
