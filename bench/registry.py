"""Finds recipes by file name: `<track>/recipes/<name>.py`, and the folders of `$SENTIBENCH_RECIPES`."""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import inspect
import io
import os
import tokenize
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.artifact import read_card
from bench.contract import Compression, Predictor, Recipe
from bench.errors import BenchError, did_you_mean
from bench.foreign import refuse_code

ROOT = Path(__file__).resolve().parent.parent
TRACKS = ("baselines", "tf_tinybert", "transformers_pt", "compression")
UNTRAINED = ("takes", "choices", "multi_label")
"""Declarations of a recipe by which a request is refused before anything runs."""
OWN_MODULE = "_sentibench_recipe_"
"""What the module names of the user's own recipes begin with."""


@dataclass(frozen=True)
class RecipeFile:
    """A recipe that has a file of its name; nothing has been imported."""

    track: str
    name: str
    path: Path
    folder: Path
    """Where the helper files that `sources` names are looked up."""


def recipe_files() -> dict[str, RecipeFile]:
    """All recipes by name, in the order of tracks; two files of one name are an error."""
    places = [(track, ROOT / track, ROOT / track / "recipes") for track in TRACKS]
    extra = os.environ.get("SENTIBENCH_RECIPES", "")
    places += [(Path(own).name, Path(own), Path(own)) for own in extra.split(os.pathsep) if own]
    files: dict[str, RecipeFile] = {}
    for track, folder, recipes in places:
        for path in sorted(recipes.glob("[!_]*.py")):
            if path.stem in files:
                raise BenchError(f"two recipes named '{path.stem}': {files[path.stem].path} and {path}; rename one")
            files[path.stem] = RecipeFile(track, path.stem, path, folder)
    return files


def recipe_file(name: str) -> RecipeFile:
    """The file of a recipe; an unknown name is an error with the nearest right one."""
    files = recipe_files()
    if name not in files:
        raise BenchError(f"unknown recipe '{name}': {did_you_mean(name, files)}")
    return files[name]


def load_recipe(name: str) -> Recipe:
    """Import the recipe's file and make its one `Recipe`."""
    file = recipe_file(name)
    try:
        module = _import(file)
    except Exception as error:
        raise BenchError(f"recipe file {file.path} cannot be imported: {type(error).__name__}: {error}") from error
    own = [c for c in vars(module).values() if isinstance(c, type) and c.__module__ == module.__name__]
    classes = [c for c in own if issubclass(c, Recipe)]
    if len(classes) != 1 or classes[0].name != name:
        names = ", ".join(getattr(c, "name", c.__name__) for c in classes) or "none"
        raise BenchError(f"recipe file {file.path} must hold one recipe named '{name}'; it holds: {names}")
    method = "compress" if issubclass(classes[0], Compression) else "fit"
    if "context" not in inspect.signature(getattr(classes[0], method)).parameters:
        raise BenchError(
            f"recipe '{name}' ({file.path}): its {method} takes no context; add `context: RunContext = STANDALONE` to "
            "its parameters (docs/add-a-recipe.md)"
        )
    recipe: Recipe = classes[0]()
    return recipe


def is_timed(name: str) -> bool:
    """Whether models of a recipe are timed, and may be shipped; of one that this machine does not have they were."""
    try:
        return load_recipe(name).timed
    except BenchError:
        return True


def load_artifact(artifact_dir: Path) -> Predictor:
    """The predictor of any artifact, by the recipe whose layout it has.

    Code that a configuration in it names is refused. Compiled code is loaded: whoever is given artifacts by others
    asks `bench.foreign.compiled_code` first, as `serving` does.
    """
    refuse_code(artifact_dir)
    return load_recipe(read_card(artifact_dir)["layout"]).load(artifact_dir)


def named_recipe(text: str) -> tuple[Recipe, dict[str, Any]]:
    """`'lstm[units=128]'` as the recipe and all of its parameters. Raises `BenchError` with the nearest right name."""
    from bench.params import parse_recipe, with_defaults  # an artifact is loaded without them

    name, given = parse_recipe(text)
    recipe = load_recipe(name)
    return recipe, with_defaults(recipe, given)


def _import(file: RecipeFile) -> ModuleType:
    if file.path.parent == ROOT / file.track / "recipes":
        return importlib.import_module(f"{file.track}.recipes.{file.name}")
    spec = importlib.util.spec_from_file_location(f"{OWN_MODULE}{file.name}", file.path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def source_hash(recipe: Recipe) -> str:
    """SHA-256 of the code of the recipe's file and its declared helpers; a helper that is missing is an error."""
    file = recipe_file(recipe.name)
    digest = hashlib.sha256(_code(file.path.read_bytes(), file.path.suffix))
    for source in sorted(recipe.sources):
        path = file.folder / source
        if not path.is_file():
            raise BenchError(f"recipe '{recipe.name}' declares the source '{source}', but {path} is no file")
        digest.update(source.encode() + b"\0" + _code(path.read_bytes(), path.suffix))
    return digest.hexdigest()


@functools.cache
def _code(content: bytes, suffix: str) -> bytes:
    """The tokens of a Python file without what trains nothing: comments, docstrings, layout, of a class `UNTRAINED`.

    Other content as it is.
    """
    if suffix != ".py":
        return content
    statement: list[str] = []
    code: list[str] = []
    opened, blocks = "", list[str]()
    """The first word of the last statement, and of those that the blocks around it belong to."""
    for token in tokenize.generate_tokens(io.StringIO(content.decode()).readline):
        if token.type in (tokenize.INDENT, tokenize.DEDENT):
            code.append(tokenize.tok_name[token.type])
            blocks = [*blocks, opened] if token.type == tokenize.INDENT else blocks[:-1]
        elif token.type == tokenize.NEWLINE:
            opened = statement[0]
            declares = blocks[-1:] == ["class"] and opened in UNTRAINED
            if not declares and (len(statement) > 1 or not opened.endswith(("'", '"'))):
                code += [" ".join(statement), "\n"]
            statement = []
        elif token.type not in (tokenize.COMMENT, tokenize.NL):
            statement.append(token.string)
    return "".join(code).encode()
