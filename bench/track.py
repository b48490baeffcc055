"""A track's own training script, `python -m <track> RECIPE -d DATASET --KEY VALUE`: same harness, same results."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from bench.entry import command_line
from bench.errors import BenchError, did_you_mean

HELP = ("-h", "--help", "help")


def main(track: str, arguments: list[str] | None = None) -> None:
    """Run one recipe of `track`; what follows the recipe's own parameters goes to `bench run`."""
    given = sys.argv[1:] if arguments is None else arguments
    with command_line():
        from bench.cli import main as bench_main
        from bench.registry import recipe_files

        names = [file.name for file in recipe_files().values() if file.track == track]
        if not given or given[0] in HELP:
            print(_help(track, names))
        elif set(HELP[:2]) & set(given[1:]):
            print(_help(track, [_known(given[0], track, names)]))
        else:
            bench_main(_run_arguments(track, given[0], given[1:], names))


def _run_arguments(track: str, name: str, options: list[str], names: list[str]) -> list[str]:
    """The arguments of `bench run` that train the recipe `name` with these `options`."""
    from bench.registry import load_recipe

    _known(name, track, names)
    params, rest = _split_options(options, set(load_recipe(name).defaults))
    return ["run", "-r", f"{name}[{','.join(params)}]" if params else name, *rest]


def _known(name: str, track: str, names: Sequence[str]) -> str:
    """That name; a `BenchError` where it is no recipe of the track."""
    if name not in names:
        raise BenchError(f"track '{track}' has no recipe '{name}': {did_you_mean(name, names)}")
    return name


def _split_options(arguments: list[str], parameters: set[str]) -> tuple[list[str], list[str]]:
    """`--units 128 --epochs=3 --seeds 0-2` as assignments to the recipe's `parameters`, and the rest."""
    params: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        key, equals, value = argument.removeprefix("--").partition("=")
        key = key.replace("-", "_")
        if not argument.startswith("--") or key not in parameters:
            rest.append(argument)
            continue
        if not equals:
            try:
                value = next(remaining)
            except StopIteration:
                raise BenchError(f"parameter --{key} needs a value") from None
        params.append(f"{key}={value}")
    return params, rest


def _help(track: str, names: Sequence[str]) -> str:
    """How these recipes are trained, and what parameters they take."""
    from bench.contract import Compression
    from bench.recipe_help import help_text
    from bench.registry import load_recipe

    recipes = [load_recipe(name) for name in names]
    width = shutil.get_terminal_size((100, 24)).columns
    required, example = "-d DATASET", "-d emotions --seeds 0-2"
    if recipes and isinstance(recipes[-1], Compression):
        required, example = "--parent RUN_ID", "--parent finetune-emotions-s0-3f2a81c09b"
    called = names[0] if len(names) == 1 else "RECIPE"
    lines = [
        f"python -m {track} {called} {required} [--PARAMETER VALUE ...] [options of `python -m bench run`]", "",
        *(f"example: python -m {track} {name} {example}" for name in names[-1:]), "",
    ]  # fmt: skip
    return "\n".join(lines) + "\n" + "\n\n".join(help_text(recipe, width) for recipe in recipes)
