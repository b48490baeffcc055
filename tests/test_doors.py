"""The source has no door by which a stranger's file could run code: each call that could open one shuts it."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

Door = Callable[[ast.Call], bool]
"""Whether a call is an open door."""


@functools.cache
def named(call: ast.Call) -> str:
    """`np.load` of `np.load(path)`, `.load` of `opener(path).load()`."""
    parts, at = list[str](), call.func
    while isinstance(at, ast.Attribute):
        parts.append(at.attr)
        at = at.value
    return ".".join(reversed([*parts, at.id if isinstance(at, ast.Name) else ""]))


def says(call: ast.Call, name: str, value: object) -> bool:
    """Whether the call passes that constant by that name."""
    return any(k.arg == name and isinstance(k.value, ast.Constant) and k.value.value is value for k in call.keywords)


def gives(call: ast.Call, name: str) -> bool:
    return any(keyword.arg == name for keyword in call.keywords)


def _unsafe_weights(call: ast.Call) -> bool:
    name = named(call)
    if not name.endswith(".from_pretrained") or any(kind in name for kind in ("Tokenizer", "AutoConfig")):
        return False
    return not says(call, "use_safetensors", True) and not (
        gives(call, "use_safetensors") and says(call, "weights_only", True)  # a pickle, where the user says so
    )


def _is(*names: str) -> Door:
    """A call of one of these, or of a method so named where the name begins with a dot."""
    return lambda call: any(
        named(call).endswith(name) if name.startswith(".") else named(call) == name for name in names
    )


def _without(door: Door, name: str, value: object) -> Door:
    return lambda call: door(call) and not says(call, name, value)


PICKLES = tuple(f"{module}.{load}" for module in ("pickle", "joblib", "dill", "cloudpickle", "marshal")
                for load in ("load", "loads", "Unpickler"))  # fmt: skip
DOORS: dict[str, Door] = {
    "code beside a model": _without(_is(".from_pretrained", ".from_config"), "trust_remote_code", False),
    "a hub's data set or module": _is("torch.hub.load", "torch.hub.load_state_dict_from_url", "hub.load"),
    "pickled weights": _unsafe_weights,
    "torch.load": _without(_is("torch.load"), "weights_only", True),
    "TorchScript": _is("torch.jit.load", "torch.package.PackageImporter", "torch.export.load"),
    "pickle": _is(*PICKLES, "shelve.open", "pd.read_pickle", "pandas.read_pickle", "pd.read_hdf"),
    "numpy's pickles": _without(_is("np.load", "numpy.load"), "allow_pickle", False),
    "skops": _is("skops.io.load", "skops.io.loads", "sio.load", "sio.loads"),
    "Keras": _without(_is("load_model", ".load_model", "model_from_json", ".model_from_json"), "safe_mode", True),
    "Keras presets": _is(".from_preset"),
    "unsafe deserialization of Keras": _is(".enable_unsafe_deserialization"),
    "YAML": _is("yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load", "yaml.unsafe_load_all"),
    "archives": _without(_is(".extractall", ".unpack_archive", "archive.extract", "tar.extract"), "filter", "data"),
    "XML": _is("xml.dom.minidom.parse", "lxml.etree.parse"),
    "code as text": _is("eval", "exec", "runpy.run_path", "runpy.run_module", "code.interact"),
    "a shell": lambda call: named(call) in ("os.system", "os.popen") or says(call, "shell", True),
    "an inherited standard input": lambda call: (
        named(call) in ("subprocess.run", "subprocess.Popen", "subprocess.check_output", "subprocess.call")
        and not gives(call, "stdin") and not gives(call, "input")
    ),
    "a question": _is("input", "typer.confirm", "typer.prompt", "getpass.getpass", "click.confirm", "click.prompt"),
    "plug-ins of runtimes": _is(".register_custom_ops_library", ".add_extension", ".load_delegate", ".load_library",
                                ".load_op_library", ".load_extension"),
    "shared libraries": lambda call: named(call).endswith("CDLL") and not _of_nothing(call),
    "compiled PyTorch": _is(".AOTIModelPackageLoader", ".aoti_load_package", ".aoti_load"),
    "modules by name": _is("importlib.import_module", "import_module", "__import__", ".exec_module"),
}  # fmt: skip
KNOWN = {
    ("compression/compiled_predictor.py", "compiled PyTorch"),  # `serving.trust` stands before it
    ("compression/bundle.py", "modules by name"),  # of a closed table
    ("bench/portable.py", "modules by name"),  # of a closed table
    ("serving/portable/needs.py", "modules by name"),  # those that `bench.api` imports
    ("bench/added/model.py", "modules by name"),  # of a constant
    ("bench/hub.py", "modules by name"),  # of a closed table
    ("bench/registry.py", "modules by name"),  # of the files found in the folders of recipes
}
"""The doors that there must be."""


def _of_nothing(call: ast.Call) -> bool:
    """`CDLL(None)` is the process itself."""
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value is None


def sources() -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py"], cwd=ROOT, check=True,
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    ).stdout  # fmt: skip
    yield from (ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())


@pytest.fixture(scope="module")
def calls() -> list[tuple[str, ast.Call]]:
    """Every call of the tree, and where it stands."""
    found = []
    for path in sources():
        where = path.relative_to(ROOT).as_posix()
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        found += [(where, node) for node in nodes if isinstance(node, ast.Call)]
    return found


@pytest.mark.parametrize("kind", DOORS)
def test_no_door_of_this_kind_is_open(calls: list[tuple[str, ast.Call]], kind: str) -> None:
    of_tests = kind in ("code beside a model", "pickled weights", "torch.load")
    open_ = [
        f"{where}:{call.lineno} {named(call)}"
        for where, call in calls
        if (of_tests or not where.startswith(("tests/", "benchmarks/"))) and (where, kind) not in KNOWN
        if DOORS[kind](call)
    ]
    assert not open_


def test_the_doors_that_are_known_are_still_there(calls: list[tuple[str, ast.Call]]) -> None:
    for where, kind in KNOWN:
        assert any(DOORS[kind](call) for at, call in calls if at == where), f"{where} has no {kind}: take it off"
