"""A track's own training script, `python -m <track> RECIPE -d DATASET --KEY VALUE`: same harness, same results."""

from __future__ import annotations

import sys

from bench.errors import BenchError


def main(track: str, arguments: list[str] | None = None) -> None:
    """Run one recipe of `track`; what follows the recipe's own parameters goes to `bench run`."""
    from bench.cli import main as bench_main
    from bench.registry import load_recipe, recipe_files

    given = sys.argv[1:] if arguments is None else arguments
    names = [file.name for file in recipe_files().values() if file.track == track]
    if not given or given[0] in ("-h", "--help", "help"):
        print(_help(track, names))
        return
    try:
        name = given[0]
        if name not in names:
            from bench.errors import did_you_mean

            raise BenchError(f"track '{track}' has no recipe '{name}': {did_you_mean(name, names)}")
        params, rest = _take_params(given[1:], set(load_recipe(name).defaults))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    bench_main(["run", "-r", f"{name}[{','.join(params)}]" if params else name, *rest])


def _take_params(arguments: list[str], known: set[str]) -> tuple[list[str], list[str]]:
    """Split `--units 128 --epochs=3 --seeds 0-2` into the recipe's parameters and the rest."""
    params: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        key, equals, value = argument.removeprefix("--").partition("=")
        key = key.replace("-", "_")
        if not argument.startswith("--") or key not in known:
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
    asked, example = "-d DATASET", "-d emotions --seeds 0-2"
    if compresses:
        asked, example = "--parent RUN_ID", "--parent finetune-emotions-s0-3f2a81c09b"
    lines = [
        f"python -m {track} RECIPE {asked} [--PARAMETER VALUE ...] [options of `python -m bench run`]",
        "",
        f"example: python -m {track} {names[-1]} {example}" if names else "",
        "",
    ]
    for name in names:
        recipe = load_recipe(name)
        lines.append(f"{name}: {(type(recipe).__doc__ or '').strip().splitlines()[0]}")
        lines += [f"    --{key.replace('_', '-')} {value!r}" for key, value in recipe.defaults.items()]
    return "\n".join(lines)
