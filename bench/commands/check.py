"""`bench check`: the contract tests of a recipe."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.errors import NEGATIVE_VERDICT


def check(recipe: Annotated[list[str], typer.Argument(help="Names of recipes (`bench list recipes`).")]) -> None:
    """Test that a recipe keeps the contract; exit code 1 if it does not. For people who add one.

    [dim]python -m bench check linear[/]
    """
    from rich.console import Console
    from rich.markup import escape

    from bench.check import check_recipe
    from bench.registry import recipe_file

    console = Console()
    for name in recipe:
        recipe_file(name)
    broken = 0
    for name in recipe:
        console.print(f"[bold]{name}[/]")
        with console.status("testing …"):
            for found in check_recipe(name):
                broken += found.problem is not None
                mark = "[green]✓[/]" if found.problem is None else "[red]✗[/]"
                problem = f": {escape(found.problem)}" if found.problem else ""
                console.print(f"  {mark} {escape(found.clause)}{problem}", highlight=False, soft_wrap=True)
    raise typer.Exit(NEGATIVE_VERDICT if broken else 0)
