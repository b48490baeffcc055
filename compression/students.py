"""Which recipe a student is, by a preset's name or written as on the command line. Nothing heavy is imported."""

from __future__ import annotations

from bench.api import BenchError, Compression, Params, Recipe, did_you_mean, load_recipe, named_recipe, recipe_files

PRESETS = {
    "distilroberta": "distilroberta",
    "distilbert": "distilbert",
    "minilm": "minilm",
    "minilm-l6": "minilm-l6",
    "mpnet": "mpnet",
    "tinybert4": "tinybert",
    "roberta-tiny": "roberta-tiny",
    "bert-tiny": "bert-tiny",
    "bert-mini": "bert-mini",
    "tweets-tiny": "tweets-tiny",
    "tweets-tinybert4": "tweets-tinybert4",
}
"""Students that are fine-tuned, and the backbone of each."""


def student_of(text: str) -> tuple[Recipe, Params]:
    """`tweets-tiny`, `tweets-tiny[epochs=6]` or `lstm[units=64]` as a recipe and all of its parameters.

    Raises `BenchError` for an unknown name, and for a recipe that does not learn from a teacher.
    """
    name, bracket, rest = text.partition("[")
    name = name.strip()
    if name in PRESETS:
        given = f",{rest}" if bracket else "]"
        return named_recipe(f"finetune[backbone={PRESETS[name]}{given}")
    recipes = recipe_files()
    if name not in recipes:
        raise BenchError(f"unknown student '{name}': {did_you_mean(name, [*PRESETS, *recipes])}")
    recipe, params = named_recipe(text)
    if isinstance(recipe, Compression) or not recipe.learns_from_teacher:
        learners = [name for name in recipes if load_recipe(name).learns_from_teacher]
        raise BenchError(f"student '{name}' does not learn from a teacher; these do: {', '.join(learners)}")
    return recipe, params
