"""A track's own training script, `python -m <track> RECIPE -d DATASET --KEY VALUE`: same harness, same results."""

from __future__ import annotations

import sys

from bench.entry import command_line
from bench.errors import BenchError, did_you_mean


def main(track: str, arguments: list[str] | None = None) -> None:
    """Run one recipe of `track`; what follows the recipe's own parameters goes to `bench run`."""
    from bench.cli import main as bench_main
    from bench.registry import recipe_files

    given = sys.argv[1:] if arguments is None else arguments
    with command_line():
        names = [file.name for file in recipe_files().values() if file.track == track]
        if not given or given[0] in ("-h", "--help", "help"):
            print(_help(track, names))
        else:
            bench_main(_run_arguments(track, given[0], given[1:], names))


def _run_arguments(track: str, name: str, options: list[str], names: list[str]) -> list[str]:
    """The arguments of `bench run` that train the recipe `name` with these `options`."""
    from bench.registry import load_recipe

    if name not in names:
        raise BenchError(f"track '{track}' has no recipe '{name}': {did_you_mean(name, names)}")
    params, rest = _split_options(options, set(load_recipe(name).defaults))
    return ["run", "-r", f"{name}[{','.join(params)}]" if params else name, *rest]


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


def _help(track: str, names: list[str]) -> str:
    from bench.contract import Compression
    from bench.registry import load_recipe

    compresses = bool(names) and isinstance(load_recipe(names[-1]), Compression)
    required, example = "-d DATASET", "-d emotions --seeds 0-2"
    if compresses:
        required, example = "--parent RUN_ID", "--parent finetune-emotions-s0-3f2a81c09b"
    lines = [
        f"python -m {track} RECIPE {required} [--PARAMETER VALUE ...] [options of `python -m bench run`]",
        "",
        f"example: python -m {track} {names[-1]} {example}" if names else "",
        "",
    ]
    for name in names:
        recipe = load_recipe(name)
        lines.append(f"{name}: {(type(recipe).__doc__ or '').strip().splitlines()[0]}")
        lines += [f"    --{key.replace('_', '-')} {value!r}" for key, value in recipe.defaults.items()]
    return "\n".join(lines)
