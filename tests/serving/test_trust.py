"""Compiled code in an artifact: opened where it was made in this store or where the user says so, nowhere else."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.api import BenchError
from bench.artifact import folder_hash
from bench.foreign import compiled_code
from bench.store import Store
from serving.aws.bundle import write_bundle
from serving.live_model import follow, served
from serving.model import open_folder
from serving.slot import Slot
from serving.trust import Trust
from tests.compression.parents import needs_compiler
from tests.conftest import RECIPES, Bench
from tests.serving.conftest import Serving, Trained

LIBRARY = b"\x7fELF" + b"\0" * 60
CODE = ("model.pt2", "custom_ops.so", "libextension.so.2", "kernel.DLL", "weights.bin", "members/0/model.pt2")
"""Of PyTorch, of ONNX Runtime's and OpenVINO's plug-ins, a library by another name, a member of an ensemble."""


@pytest.fixture(autouse=True)
def recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIBENCH_RECIPES", str(RECIPES))


@pytest.fixture
def compiled(trained: Trained, tmp_path: Path) -> Path:
    """An artifact that loads without the code that lies in it."""
    folder = Path(shutil.copytree(trained.artifact, tmp_path / "stranger"))
    (folder / "model.pt2").write_bytes(LIBRARY)
    return folder


@pytest.mark.parametrize("name", CODE)
def test_code_of_strangers_stays_shut(trained: Trained, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(trained.artifact, tmp_path / "stranger"))
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(LIBRARY)
    assert compiled_code(folder) == [name] and compiled_code(trained.artifact) == []
    store = Store(tmp_path / "store")
    with pytest.raises(BenchError) as error:
        open_folder(folder, None, Trust(store))
    assert f"holds compiled code ({name})" in str(error.value) and "--allow-code" in str(error.value)
    assert open_folder(folder, None, Trust(store, allow_code=True)).card["compiled_code"] == [name]


def _trained_here(store: Store, content: str) -> None:
    store.keys.mkdir(parents=True)
    (store.keys / "broken.json").write_text("[")
    (store.keys / "key.json").write_text(json.dumps({"artifact": content}))


def _scored_here(store: Store, content: str) -> None:
    (store.results / "run").mkdir(parents=True)
    (store.results / "run" / "result.json").write_text(json.dumps({"identity": {"artifact": content}}))


@pytest.mark.parametrize("made", [_trained_here, _scored_here])
def test_what_was_made_here_is_known_by_its_content(
    compiled: Path, tmp_path: Path, made: Callable[[Store, str], None]
) -> None:
    trust = Trust(Store(tmp_path / "store"))
    made(trust.store, folder_hash(compiled))
    assert open_folder(compiled, None, trust).compiled == ["model.pt2"]
    (compiled / "model.pt2").write_bytes(LIBRARY + b"altered")
    with pytest.raises(BenchError, match="not made in the store"):
        open_folder(compiled, None, trust)


def test_a_slot_asks_whenever_it_opens_a_version(compiled: Path, trained: Trained, tmp_path: Path) -> None:
    store = Store(trained.folder / "store")
    careful, leave = Trust(store), Trust(store, allow_code=True)
    with pytest.raises(BenchError, match="holds compiled code"):
        Slot.create(tmp_path / "live", str(compiled), careful)
    first = Slot.create(tmp_path / "live", trained.run, careful)
    second = Slot.create(tmp_path / "live", str(compiled), leave)
    slot = Slot.open(tmp_path / "live")
    for opening in (served, follow):
        with pytest.raises(BenchError, match="holds compiled code"):
            opening(str(slot.root), careful)
    assert served(str(slot.root), leave).hash == second
    assert slot.roll_back(careful) == first
    with pytest.raises(BenchError, match="holds compiled code"):
        slot.roll_back(careful, second)
    assert slot.current() == first


def test_the_commands_say_it_in_one_line(serving: Serving, compiled: Path) -> None:
    ran = serving("predict", str(compiled), stdin=b"good\n")
    stderr = ran.stderr.decode()
    assert ran.returncode == 2 and "--allow-code" in stderr and len(stderr.splitlines()) == 1, stderr
    assert serving("predict", str(compiled), "--allow-code", stdin=b"good\n").returncode == 0


def test_a_bundle_is_served_as_it_was_packaged(compiled: Path, tmp_path: Path, trained: Trained) -> None:
    for folder, allowed in ((compiled, True), (trained.artifact, False)):
        model = open_folder(folder, None, Trust(Store(tmp_path / "store"), allow_code=True))
        write_bundle(model, tmp_path / "bundle")
        assert ("--allow-code" in (tmp_path / "bundle" / "serve").read_text()) is allowed


@needs_compiler
def test_the_door_is_a_real_one(trained: Trained, tmp_path: Path) -> None:
    """Machine code that leaves a mark as soon as PyTorch loads it, under a card and layout of its choosing."""
    mark, folder = tmp_path / "it-ran", Path(shutil.copytree(trained.artifact, tmp_path / "stranger"))
    source = f'#include <cstdio>\n__attribute__((constructor)) void go() {{ fclose(fopen("{mark}", "w")); }}\n'
    (tmp_path / "evil.cpp").write_text(source)
    build = ["g++", "-shared", "-fPIC", "-o", str(tmp_path / "evil.so"), str(tmp_path / "evil.cpp")]
    subprocess.run(build, stdin=subprocess.DEVNULL, check=True)
    with zipfile.ZipFile(folder / "model.pt2", "w") as packed:
        packed.writestr("model/archive_format", "pt2")
        packed.writestr("model/archive_version", "0")
        packed.writestr("model/data/aotinductor/model/evil_metadata.json", '{"AOTI_DEVICE_KEY": "cpu"}')
        packed.write(tmp_path / "evil.so", "model/data/aotinductor/model/evil.so")
    from compression.compiled import built_for

    card = json.loads((folder / "artifact.json").read_text())
    (folder / "artifact.json").write_text(json.dumps(card | {"layout": "quantize"}))
    facts = {"format": "aotinductor", "pad_id": 0, "label_names": ["a"], "normalization": "none", "max_length": 9,
             "parameters": 1, "nonzero_parameters": 1, "dtype": "int8", "built_for": built_for()}  # fmt: skip
    (folder / "model.json").write_text(json.dumps(facts))
    (folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "added_tokens": [], "model": {
        "type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}))  # fmt: skip
    store = Store(tmp_path / "store")
    with pytest.raises(BenchError, match="holds compiled code"):
        open_folder(folder, None, Trust(store))
    assert not mark.exists()
    with pytest.raises(BenchError, match="cannot be loaded"):  # it is no model
        open_folder(folder, None, Trust(store, allow_code=True))
    assert mark.exists()


def test_the_harness_knows_its_own_code(bench: Bench, tmp_path: Path) -> None:
    """Trained, scored and measured as ever; the card says what it is; served by its run, elsewhere only with leave."""
    ran = bench("run", "-r", "native", "-d", "toy", "--smoke", "--measure", "none")
    assert ran.returncode == 0, ran.stderr
    store = Store(tmp_path / "store")
    (run,) = store.run_ids()
    model = served(run, Trust(store))
    assert json.loads((model.folder / "artifact.json").read_text())["compiled_code"] == ["model.pt2"]
    (store.results / run / "result.json").unlink()
    assert served(model.hash, Trust(store)).hash == model.hash  # its key is known
    with pytest.raises(BenchError, match="holds compiled code"):
        served(str(model.folder), Trust(Store(tmp_path / "other")))
