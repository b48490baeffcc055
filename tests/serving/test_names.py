"""A name is the store's, the project's or the hub's: no file of the working directory takes its place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bench.api import BenchError
from bench.data import DatasetRef
from bench.registry import recipe_file
from bench.spec import load_suite
from bench.store import Store
from serving.live_model import served
from serving.model import find_artifact
from serving.slot import Slot
from serving.trust import Trust
from tests.conftest import RECIPES, ROOT
from tests.serving.conftest import Serving, Trained
from transformers_pt.presets import PRESETS, backbone, shipped
from transformers_pt.weights.catalog import CATALOG


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working directory."""
    monkeypatch.setenv("SENTIBENCH_RECIPES", str(RECIPES))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def store(trained: Trained) -> Store:
    return Store(trained.folder / "store")


def altered(trained: Trained, folder: Path) -> Path:
    """An artifact of another content, with a result that names it as a run's."""
    shutil.copytree(trained.artifact, folder)
    (folder / "more.txt").write_text("another content")
    result = json.loads((trained.folder / "store" / "results" / trained.run / "result.json").read_text())
    (folder / "result.json").write_text(json.dumps(result))
    return folder


def test_a_run_and_a_hash_are_the_stores(trained: Trained, store: Store, here: Path) -> None:
    for name in (trained.run, trained.artifact.name, trained.artifact.name[:12]):
        altered(trained, here / name)
        assert find_artifact(name, store) == (trained.artifact, trained.artifact.name)
        assert find_artifact(f"./{name}", store) == (Path(name), None)
        assert served(f"./{name}", Trust(store)).hash != trained.artifact.name


def test_a_slot_called_like_a_run_is_not_taken_for_it(trained: Trained, store: Store, here: Path) -> None:
    other = Slot.create(here / trained.run, str(altered(trained, here / "other")), Trust(store))
    assert served(trained.run, Trust(store)).hash == trained.artifact.name
    assert served(f"./{trained.run}", Trust(store)).hash == other


@pytest.mark.parametrize("name", ["mine", "????????", "********", "..aaaaaa"])
def test_a_bare_name_that_the_store_has_not_is_no_folder(trained: Trained, store: Store, here: Path, name: str) -> None:
    altered(trained, here / name)
    with pytest.raises(BenchError, match=r"no run or artifact '.*' in the store .*: the folder is \./"):
        find_artifact(name, store)


def test_no_run_lies_outside_of_the_store(trained: Trained, store: Store, here: Path) -> None:
    folder = altered(trained, here / "elsewhere")
    for name in (str(folder), f"../../../{folder.name}", f"./{trained.run}", f"../results/{trained.run}", "..", ""):
        assert store.find(name) is None
        with pytest.raises(BenchError, match="no result"):  # what --parent and the like look up
            store.result(name)
    assert store.find(trained.run) is not None


def test_a_preset_is_the_hubs(here: Path) -> None:
    for name, preset in PRESETS.items():
        if name != preset.source:
            (here / name).mkdir()
            assert backbone(name).folder is None
        (here / preset.source).mkdir(parents=True, exist_ok=True)
        (here / preset.source / "config.json").write_text("{}")
        if preset.source in CATALOG:  # brought with the project and verified: no folder is taken for it
            assert backbone(name).folder is None
            continue
        with pytest.raises(BenchError, match=rf"working directory is called so too.*=\./{preset.source}"):
            backbone(name)
        assert backbone(f"./{preset.source}").folder == Path(preset.source)
        shutil.rmtree(here / preset.source)


def test_a_shipped_checkpoint_is_the_projects(here: Path) -> None:
    from tf_tinybert.presets import origin
    from tf_tinybert.recipes.tinybert import Tinybert

    for name in shipped():
        (here / name).mkdir()
        (here / name / "config.json").write_text("{}")
        assert backbone(name).folder == ROOT / "transformers_pt" / "checkpoints" / name
        assert origin({**Tinybert.defaults, "checkpoint": name}).folder == backbone(name).folder
        assert backbone(f"./{name}").folder == Path(name)


def test_a_data_set_a_recipe_and_a_suite_are_the_projects(here: Path) -> None:
    for name in ("toy", "linear", "quick"):
        for path in (here / name, here / f"{name}.py"):
            path.write_text("raise SystemExit('imported')")
        (here / f"{name}.yaml").write_text("name: mine")
    assert DatasetRef("toy").path is None and DatasetRef("./toy").path is None and DatasetRef("toy.csv").path
    assert recipe_file("linear").path == ROOT / "baselines" / "recipes" / "linear.py"
    assert load_suite("quick").name == "quick"


def test_predict_takes_the_stores_artifact(serving: Serving, trained: Trained, here: Path) -> None:
    altered(trained, here / trained.run)
    (here / trained.run / "model.safetensors").unlink()
    assert serving("predict", trained.run, stdin=b"good\n").returncode == 0
