"""Stores for the page: models as they are really made of each other, and data sets that are hard to show."""

from __future__ import annotations

from typing import Any

from bench.schema import Data
from bench.store import Store
from tests.report.synthetic import Model, failure, result

TINYBERT4 = "backbone=tweets-tinybert4"
HOSTILE = ("<script>alert(1)</script>", "$\\frac{1}{$", "a&b|c", "naïve 😀")
RIGHT_TO_LEFT = ("שמחה", "עצב", "غضب")


def lineages(store: Store, dataset: str = "emotions", seeds: int = 3, n: int = 300) -> None:
    """A fine-tuned encoder, pruned, quantized and distilled, and what stands beside it."""
    for seed in range(seeds):
        made = [
            ("constant", "", "baselines", 0.34, 6, 0.001, None),
            ("linear", "", "baselines", 0.87, 900_000, 0.9, None),
            ("lstm", "", "baselines", 0.91, 1_300_000, 0.8, None),
            ("finetune", TINYBERT4, "transformers_pt", 0.93, 8_500_000, 5.3, None),
            ("prune", "ratio=0.6", "compression", 0.925, 4_700_000, 2.6, "finetune"),
            ("quantize", "to=onnx-int8", "compression", 0.922, 1_200_000, 0.65, "prune"),
            ("distill", "student=static,alpha=0.9", "compression", 0.915, 600_000, 0.05, "finetune"),
        ]
        for recipe, variant, track, accuracy, parameters, p50, parent in made:
            of = f"{dataset}-{parent}-s{seed}" if parent else None
            model = Model(recipe, variant, track, accuracy, parameters, p50, epochs=3 if recipe == "lstm" else 0)
            changes: dict[str, Any] = {"parent_run_id": of, "run_id": f"{dataset}-{recipe}-s{seed}"}
            if recipe == "distill":
                changes["teacher_run_id"] = of
            store.put(*result(model, seed, dataset, n, **changes))


def hard(store: Store) -> None:
    """A data set each: markup, right to left, 77 labels, 25,000 texts, six texts, one run, no times, no validation."""
    two = (Model("linear"), Model("lstm", "name=</script><b>x", epochs=3))
    for model in two:
        store.put(
            *result(model, 0, "<i>hostile</i>", 200, HOSTILE, f"hostile-{model.recipe}", notes=["<i>synthetic</i>"])
        )
        store.put(*result(model, 0, "rtl", 200, RIGHT_TO_LEFT, f"rtl-{model.recipe}"))
        store.put(
            *result(model, 0, "many", 400, tuple(f"intent number {i}" for i in range(77)), f"many-{model.recipe}")
        )
        made, arrays = result(model, 0, "untimed", 200, run_id=f"untimed-{model.recipe}")
        store.put(made.model_copy(update={"measurement": None}), arrays)
        made, arrays = result(model, 0, "unvalidated", 200, run_id=f"unvalidated-{model.recipe}")
        store.put(made, {name: array for name, array in arrays.items() if not name.startswith("validation")})
        store.put(*result(model, 0, "large", 25_000, ("bad", "good"), f"large-{model.recipe}"))
    store.put(*result(Model("linear", accuracy=1.0), 0, "six", 6, ("bad", "good"), "six-linear"))
    store.put(failure(Model("dnn"), dataset="six", log_tail=None, reason=None))
    store.put(*result(Model("linear"), 0, "one", 200, run_id="one-linear"))
    store.put(failure(Model("dnn"), dataset="nothing"))
    rehearsal, arrays = result(Model("linear"), 0, "one", 50, run_id="one-smoke")
    data = Data.model_validate(rehearsal.data.model_dump() | {"limit": 200})
    store.put(rehearsal.model_copy(update={"data": data}), arrays)
