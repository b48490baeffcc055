"""A student that learns from a trained model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.api import (
    STANDALONE,
    BenchError,
    Choice,
    Compression,
    Params,
    Resolved,
    RunContext,
    Split,
    Training,
    Uniform,
    load_recipe,
    read_card,
)
from compression.students import student_of

INSIDE = ("hidden", "attention", "embedding")
OPEN = ("finetune", "lora")
"""Recipes whose artifacts `transformers_pt` loads as a network to look into."""


class Distill(Compression):
    """Knowledge distillation (Hinton et al., 2015): a student of any family and framework learns from its parent.

    The loss is alpha · T² · KL(teacher ‖ student), both at temperature T, + (1 − alpha) · cross-entropy with labels;
    alpha = 0 is plain training. `student` is a preset (`tweets-tiny`, `distilbert`, ...) or a recipe with parameters of
    its own in brackets (`lstm[units=64]`). `transfer` names data sets whose training texts the teacher labels.
    """

    name, framework, requires = "distill", "any", ("numpy",)
    headline_param = "student"
    defaults = {
        "student": "tweets-tiny",  # a preset (`tweets-tiny`, `distilbert`, …), or a recipe: `lstm[units=64]`
        "alpha": 0.7,  # weight of the teacher in the loss; the labels have the rest
        "temperature": 2.0,  # of both distributions in the teacher's part of the loss
        "hidden": 0.0,  # weight of the difference of hidden states; 0: none
        "attention": 0.0,  # weight of the difference of attention relations; 0: none
        "embedding": 0.0,  # weight of the difference of embeddings; 0: none
        "layer_map": "uniform",  # which layer of the teacher each of the student sees: `uniform`, `last`, or 3-6-9-12
        "transfer": None,  # data sets whose training texts the teacher labels too, such as [emotions,sst2]; None: none
        "transfer_limit": 0,  # how many of these texts; 0: all
        "augment": 0,  # altered copies of each text
        "augment_rate": 0.1,  # share of the words altered in a copy
    }
    space = {"alpha": Uniform(0.0, 1.0), "temperature": Choice(1.0, 2.0, 4.0, 8.0), "augment": Choice(0, 1, 2, 4)}
    smoke = {"student": "static[vocabulary=500,ngram_buckets=500,filters=16,epochs=1]"}
    example = "linear"
    multi_label = True
    sources = ("augment.py", "intermediate.py", "layer_map.py", "sizes.py", "soft_targets.py", "students.py")

    def resolve(self, params: Params) -> Resolved:
        """As the student's recipe; the parent is its teacher, and the student trained by labels alone its control."""
        student, given = student_of(params["student"])
        alone = student.resolve(given)
        return replace(
            alone,
            requires=self.requires,
            layout=student.name,
            paths={f"student {name}": path for name, path in alone.paths.items()},
            builds_on=(student.name, *alone.builds_on),
            distills=True,
            control=(student.name, given),
        )

    def compress(
        self,
        parents: Sequence[Path],
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Let the teacher predict, in a process of its own, and train the student as its own recipe does."""
        from compression.sizes import compared
        from compression.soft_targets import with_soft_targets

        _check(params)
        (teacher,) = parents
        student, given = student_of(params["student"])
        if any(params[key] for key in INSIDE):
            _check_inside(teacher, student.name)
            from compression.intermediate import fit

            taught = with_soft_targets(teacher, train, params, seed, context)
            training = fit(given, teacher, taught, validation, params, seed, out_dir, context)
        else:
            taught = with_soft_targets(teacher, train, params, seed, context)
            training = student.fit(taught, validation, given, seed, out_dir, context)
        return compared(training, teacher, out_dir)


def _check_inside(teacher: Path, student: str) -> None:
    """A `BenchError` unless the insides of both are there to be compared."""
    teacher_recipe = load_recipe(read_card(teacher)["layout"])
    if student != "finetune" or teacher_recipe.name not in OPEN:
        raise BenchError(
            f"{', '.join(INSIDE)} need a student of 'finetune' and a teacher of {' or '.join(OPEN)}; these are "
            f"'{student}' and '{teacher_recipe.name}': leave them 0"
        )


def _check(params: Params) -> None:
    """A `BenchError` for a number that cannot be."""
    for key, fits, valid in (
        ("alpha", 0.0 <= params["alpha"] <= 1.0, "0 (labels alone) to 1 (the teacher alone)"),
        ("temperature", params["temperature"] > 0.0, "a number above 0, such as 2"),
        *((key, params[key] >= 0.0, "a weight of 0 (none) or more") for key in INSIDE),
        ("transfer_limit", params["transfer_limit"] >= 0, "the texts to keep, or 0 for all"),
        ("augment", params["augment"] >= 0, "the altered copies of each text, or 0 for none"),
        ("augment_rate", 0.0 < params["augment_rate"] < 1.0, "a share above 0 and below 1"),
    ):
        if not fits:
            raise BenchError(f"{key}={params[key]:g}: give {valid}")
