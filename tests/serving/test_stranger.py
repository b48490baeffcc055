"""A stranger's files, each with a payload that would leave a mark if it ran: none does, and one line says why."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.api import BenchError, load_artifact
from bench.arrays import read_arrays
from bench.cache import kept_arrays
from bench.measure.samples import RoundSamples
from bench.params import parse_recipe
from bench.spec import load_suite
from bench.store import Store
from serving.live_model import served
from serving.model import open_folder
from serving.slot import Slot
from serving.trust import Trust
from tests.compression.parents import write_card
from tests.conftest import RECIPES
from tests.serving.conftest import Trained
from tests.transformers_pt.checkpoints import checkpoint

LABELS = ("bad", "good")
Tamper = Callable[[Path, Path], None]
"""Alters a folder so that it would leave a mark."""


class Harm:
    """A pickle that touches a file when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


@pytest.fixture(autouse=True)
def recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIBENCH_RECIPES", str(RECIPES))


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "it ran"


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact in the layout of `finetune`, its weights left to chance."""
    from transformers_pt.artifact import save_artifact
    from transformers_pt.backbones import load_classifier, load_tokenizer
    from transformers_pt.encode import Encoder
    from transformers_pt.presets import backbone

    source, folder = (tmp_path_factory.mktemp("encoder") / name for name in ("checkpoint", "artifact"))
    model = load_classifier(backbone(str(checkpoint("bert", source))), LABELS, True, False)
    folder.mkdir()
    facts = {"label_names": list(LABELS), "pooling": "head", "backbone": "mine", "pretrained": True}
    save_artifact(folder, model, Encoder(load_tokenizer(source), "none", 16), facts)
    write_card(folder, "finetune")
    return folder


@pytest.fixture
def bayes(trained: Trained, tmp_path: Path) -> Path:
    """A copy of the trained artifact."""
    return Path(shutil.copytree(trained.artifact, tmp_path / "stranger"))


@pytest.fixture
def empty(tmp_path: Path) -> Trust:
    """A store in which nothing was made."""
    return Trust(Store(tmp_path / "empty"))


def change(path: Path, **keys: Any) -> None:
    config = json.loads(path.read_text()) if path.is_file() else {}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(config | keys))


def _code(folder: Path, mark: Path) -> None:
    (folder / "evil.py").write_text(f"from pathlib import Path\nPath({str(mark)!r}).touch()\n")


def _auto_map(file: str, **more: Any) -> Tamper:
    def tamper(folder: Path, mark: Path) -> None:
        _code(folder, mark)
        kinds = ("AutoConfig", "AutoModel", "AutoModelForSequenceClassification", "AutoModelForMaskedLM")
        named: dict[str, Any] = dict.fromkeys(kinds, "evil.Evil") | {"AutoTokenizer": ["evil.Evil", None]}
        change(folder / file, auto_map=named, **more)

    return tamper


def _pickled_weights(folder: Path, mark: Path) -> None:
    (folder / "model.safetensors").unlink(missing_ok=True)
    for name in ("pytorch_model.bin", "model.bin"):
        (folder / name).write_bytes(pickle.dumps({"x": Harm(mark)}))


def _adapter_instead(folder: Path, mark: Path) -> None:
    change(folder / "adapter_config.json", peft_type="LORA", base_model_name_or_path=str(folder), r=1)
    (folder / "adapter_model.bin").write_bytes(pickle.dumps({"x": Harm(mark)}))


def _adapter_code(**keys: Any) -> Tamper:
    def tamper(folder: Path, mark: Path) -> None:
        _code(folder, mark)
        change(folder / "adapter" / "adapter_config.json", peft_type="LORA", **keys)

    return tamper


def _card(**keys: Any) -> Tamper:
    def tamper(folder: Path, mark: Path) -> None:
        _code(folder, mark)
        change(folder / "artifact.json", **{key: value if value != "EVIL" else str(folder / "evil")
                                            for key, value in keys.items()})  # fmt: skip

    return tamper


def _format(name: str) -> Tamper:
    def tamper(folder: Path, mark: Path) -> None:
        _code(folder, mark)
        change(folder / "artifact.json", layout="quantize")
        change(folder / "model.json", format=name, pad_id=0)

    return tamper


ARTIFACTS: dict[str, tuple[Tamper, str]] = {
    "config": (_auto_map("config.json", model_type="evil"), "config.json: 'auto_map' names code"),
    "config of a known type": (_auto_map("config.json"), "config.json: 'auto_map' names code"),
    "tokenizer": (_auto_map("tokenizer_config.json", tokenizer_class="Evil"), "'auto_map' names code"),
    "code in a part": (lambda f, m: change(f / "config.json", text_config={"auto_map": {"x": "y"}}), "'auto_map'"),
    "kernel": (lambda f, m: change(f / "config.json", attn_implementation="evil/kernel"), "'attn_implementation'"),
    "adapter": (_adapter_code(auto_map={"AutoModel": "evil.Evil"}), "adapter_config.json: 'auto_map' names code"),
    "adapter's library": (_adapter_code(auto_mapping={"parent_library": "evil"}), "'auto_mapping' names code"),
    "adapter's megatron": (_adapter_code(megatron_config={"x": 1}, megatron_core="evil"), "'megatron_config' names"),
    "adapter in place of a model": (_adapter_instead, "is an adapter (adapter_config.json), no model"),
    "pickled weights": (_pickled_weights, "cannot be loaded"),
    "recipe above": (_card(layout="../../evil"), "unknown recipe '../../evil'"),
    "recipe by path": (_card(layout="EVIL"), "unknown recipe '/"),
    "recipe by module": (_card(layout="os.path"), "unknown recipe 'os.path'"),
    "recipe of the folder": (_card(layout="evil"), "unknown recipe 'evil'"),
    "recipe that is no name": (_card(layout=["evil"]), "cannot be loaded"),
    "runtime by module": (_format("evil.Evil"), "cannot be loaded"),
}


@pytest.mark.parametrize("door", ARTIFACTS)
def test_an_artifact_runs_nothing(encoder: Path, tmp_path: Path, mark: Path, empty: Trust, door: str) -> None:
    tamper, message = ARTIFACTS[door]
    folder = Path(shutil.copytree(encoder, tmp_path / "a"))
    tamper(folder, mark)
    with pytest.raises(BenchError) as error:
        open_folder(folder, None, empty)
    assert message in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(Exception):  # noqa: B017  whatever the harness makes of it
        load_artifact(folder)
    assert not mark.exists()


def _beside(name: str, content: Callable[[Path], bytes]) -> Tamper:
    return lambda folder, mark: (folder / name).write_bytes(content(mark)) and None  # type: ignore[return-value]


def _lambda_layer(mark: Path) -> bytes:
    layer = {"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__", "config": {"code": "6AA="}}}}
    path = mark.with_name("keras.zip")
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": [layer]}}))
    return path.read_bytes()


def _foreign_type(mark: Path) -> bytes:
    path = mark.with_name("skops.zip")
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(
            "schema.json", json.dumps({"__class__": "system", "__module__": "os", "__loader__": "TypeNode"})
        )
    return path.read_bytes()


def _pickle(mark: Path) -> bytes:
    return pickle.dumps(Harm(mark))


BESIDE = {
    **{name: _beside(name, _pickle) for name in ("model.pkl", "model.joblib", "model.npy", "model.pt", "model.h5")},
    "model.skops": _beside("model.skops", _foreign_type),
    "model.keras": _beside("model.keras", _lambda_layer),
    "evil.py": _code,
    "sitecustomize.py": lambda folder, mark: (folder / "sitecustomize.py").write_text("1/0") and None,
}


@pytest.mark.parametrize("layout", ["bayes", "linear"])
@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_a_model_is_not_opened(
    bayes: Path, tmp_path: Path, mark: Path, empty: Trust, name: str, layout: str
) -> None:
    BESIDE[name](bayes, mark)
    if layout == "bayes":
        assert open_folder(bayes, None, empty).predictor.predict_proba(["x"]).shape[0] == 1
    else:
        change(bayes / "artifact.json", layout=layout)
        with pytest.raises(BenchError, match="cannot be loaded"):
            open_folder(bayes, None, empty)
    assert not mark.exists()


def _link(name: str, target: str) -> Tamper:
    return lambda folder, mark: (folder / name).symlink_to(mark.with_name(target))


def _weights_elsewhere(folder: Path, mark: Path) -> None:
    shutil.move(folder / "model.safetensors", mark.with_name("weights"))
    (folder / "model.safetensors").symlink_to(mark.with_name("weights"))


LINKS: dict[str, Tamper] = {
    "file": _link("more.json", "secret.json"),
    "folder": _link("more", "outside"),
    "weights": _weights_elsewhere,
    "pipe": lambda folder, mark: os.mkfifo(folder / "pipe"),
}


@pytest.mark.parametrize("kind", LINKS)
def test_a_link_out_of_an_artifact_is_refused(bayes: Path, tmp_path: Path, mark: Path, empty: Trust, kind: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "secret.json").write_text("{}")
    LINKS[kind](bayes, mark)
    with pytest.raises(BenchError, match="is a link or a special file"):
        open_folder(bayes, None, empty)
    with pytest.raises(BenchError, match="is a link or a special file"):
        Slot.create(tmp_path / "live", str(bayes), empty)


@pytest.mark.parametrize("to", ["../../stranger", "PATH", "/", "..", "", "stranger", "\x00"])
def test_a_slot_points_to_versions_alone(trained: Trained, bayes: Path, tmp_path: Path, to: str) -> None:
    trust = Trust(Store(trained.folder / "store"))
    Slot.create(tmp_path / "live", trained.run, trust)
    slot = Slot.open(tmp_path / "live")
    slot.pointer.write_text(to.replace("PATH", str(bayes)))
    with pytest.raises(BenchError, match="has no readable pointer"):
        served(str(slot.root), trust)
    for name in (to, str(bayes)):
        with pytest.raises(BenchError, match=r"is no version's hash"):
            slot.folder(name)


YAML = ("!!python/object/apply:os.system ['touch MARK']", "!!python/object/new:os.system ['touch MARK']",
        "!!python/name:os.system", "!!python/module:os")  # fmt: skip


@pytest.mark.parametrize("payload", YAML)
def test_yaml_makes_no_objects(tmp_path: Path, mark: Path, payload: str) -> None:
    text = payload.replace("MARK", f'"{mark}"')
    (tmp_path / "suite.yaml").write_text(f"name: x\ndatasets: [toy]\nruns:\n  - recipe: {text}\n")
    with pytest.raises(BenchError, match="is no YAML"):
        load_suite(str(tmp_path / "suite.yaml"))
    with pytest.raises(BenchError, match="is no number, text or list"):
        parse_recipe(f"bayes[alpha={text.partition(' ')[0]} 1]")
    assert not mark.exists()


def _cannot() -> dict[str, np.ndarray]:
    raise BenchError("made anew, as it must be")


def _run_arrays(folder: Path) -> object:
    store = Store(folder)
    (store.folder("run")).mkdir(parents=True)
    shutil.copy(folder / "evil.npz", store.folder("run") / "predictions.npz")
    assert not store.arrays("run", "predictions")  # skipped, with a warning
    return store.read("run")


def _round(folder: Path) -> object:
    shutil.copy(folder / "evil.npz", folder / "round.npz")
    (folder / "round.json").write_text(json.dumps({"scenarios": {"x": {"stage_names": []}}, "tercile_chars": []}))
    return RoundSamples.read(folder)


ARRAYS: dict[str, Callable[[Path], object]] = {
    "predictions of a run": _run_arrays,
    "samples of a round": _round,
    "any of a store": lambda folder: read_arrays(folder / "evil.npz"),
    "a cache": lambda folder: kept_arrays(folder / "evil.npz", _cannot),
}


@pytest.mark.parametrize("door", ARRAYS)
def test_arrays_hold_no_objects(tmp_path: Path, mark: Path, door: str) -> None:
    held = np.array([Harm(mark)], dtype=object)
    kinds = ("probabilities", "key", "ids", "labels", "x_total_ns")
    np.savez(tmp_path / "evil.npz", **dict.fromkeys(kinds, held))  # type: ignore[arg-type]
    with pytest.raises((BenchError, ValueError)):
        ARRAYS[door](tmp_path)
    assert not mark.exists()


def test_a_backbone_and_an_adapter_run_nothing(encoder: Path, tmp_path: Path, mark: Path) -> None:
    from transformers_pt.adapters import apply_adapter
    from transformers_pt.backbones import load_classifier, load_tokenizer
    from transformers_pt.presets import backbone
    from transformers_pt.pretrain.architectures import continued_model

    code, pickled, adapter = (Path(shutil.copytree(encoder, tmp_path / name)) for name in ("c", "p", "a"))
    _auto_map("config.json")(code, mark)
    _pickled_weights(pickled, mark)
    _adapter_instead(adapter, mark)
    change(adapter / "model.json", pretrained=True)
    opened: dict[str, tuple[Callable[[], object], str]] = {
        "weights": (lambda: load_classifier(backbone(str(code)), "ab", True, True), "names code"),
        "random weights": (lambda: load_classifier(backbone(str(code)), "ab", False, True), "names code"),
        "tokens": (lambda: load_tokenizer(code), "names code"),
        "pretraining": (lambda: continued_model(code), "names code"),
        "a pickle": (lambda: load_classifier(backbone(str(pickled)), "ab", True, False), "may run code"),
        "an allowed pickle": (lambda: load_classifier(backbone(str(pickled)), "ab", True, True), "cannot be loaded"),
        "pretraining of a pickle": (lambda: continued_model(pickled), "cannot continue from"),
        "a pickled adapter": (lambda: apply_adapter(adapter, tmp_path / "o", str(encoder)), "no adapter_model.safete"),
        "an adapter": (lambda: load_classifier(backbone(str(adapter)), "ab", True, False), "is an adapter"),
    }
    for door, (open_it, message) in opened.items():
        with pytest.raises(BenchError) as error:
            open_it()
        assert message in str(error.value), door
    assert not mark.exists()


def test_a_checkpoint_for_tensorflow_runs_nothing(encoder: Path, tmp_path: Path, mark: Path) -> None:
    from tf_tinybert.checkpoint import open_checkpoint, read_tensors
    from tf_tinybert.presets import Origin

    folder = Path(shutil.copytree(encoder, tmp_path / "c"))
    _pickled_weights(folder, mark)
    with pytest.raises(BenchError, match="as a pickle"):
        read_tensors(folder)
    _auto_map("config.json")(folder, mark)
    with pytest.raises(BenchError, match="names code"):
        open_checkpoint(Origin(str(folder), None, True, "none"))
    assert not mark.exists()
