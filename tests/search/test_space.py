"""The space as Optuna takes it, and which place each trial has."""

from __future__ import annotations

import shlex

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState, create_trial

from bench.api import Choice, LogUniform, Uniform
from bench.errors import BenchError
from bench.params import parse_recipe, with_defaults
from bench.registry import load_recipe, recipe_files
from bench.search.rerun import command
from bench.search.sampler import SlotSampler, is_lost, slots
from bench.search.space import distributions, inside, plain_space, searched_space, tidy

SPACE = {
    "units": Choice(64, 128),
    "vectors": Choice(None, "glove"),
    "dropout": Uniform(0.1, 0.6),
    "rate": LogUniform(1e-4, 1e-2),
}


def test_the_space_as_optuna_names_it() -> None:
    found = distributions(SPACE)
    assert found["units"] == optuna.distributions.CategoricalDistribution((64, 128))
    assert found["vectors"] == optuna.distributions.CategoricalDistribution((None, "glove"))
    assert found["dropout"] == optuna.distributions.FloatDistribution(0.1, 0.6)
    assert found["rate"] == optuna.distributions.FloatDistribution(1e-4, 1e-2, log=True)
    assert plain_space(SPACE)["rate"] == {"log_uniform": [1e-4, 1e-2]}


def test_only_what_the_space_holds_is_a_first_suggestion() -> None:
    assert inside(SPACE, {"units": 96, "vectors": None, "dropout": 0.3, "rate": 1.0}) == {
        "vectors": None,
        "dropout": 0.3,
    }


def test_floats_are_short_and_nothing_else_changes() -> None:
    assert tidy({"rate": 0.000123456789, "units": 64, "name": None}) == {"rate": 0.0001235, "units": 64, "name": None}


@pytest.mark.parametrize("name", ["linear", "dnn", "lstm"])
def test_recipes_come_with_a_space_that_holds_most_of_their_own_parameters(name: str) -> None:
    recipe = load_recipe(name)
    space = searched_space(recipe, ())
    assert set(inside(space, recipe.defaults)) == set(space), "trial 1 is the recipe as it comes"
    assert list(searched_space(recipe, list(space)[:1], [list(space)[1]])) == [list(space)[1]]


def test_all_recipes_declare_known_parameters() -> None:
    for name in recipe_files():
        recipe = load_recipe(name)
        assert set(recipe.space) <= set(recipe.defaults), name


def test_an_empty_only_is_refused() -> None:
    with pytest.raises(BenchError, match="nothing is left"):
        searched_space(load_recipe("linear"), (), [])


def _trial(number: int, state: TrialState, **attributes: object) -> FrozenTrial:
    value = 0.5 if state == TrialState.COMPLETE else None
    trial = create_trial(state=state, value=value, user_attrs=attributes)
    trial.number = number
    return trial


def test_a_killed_trial_leaves_its_place_to_the_next() -> None:
    done, failed, running = TrialState.COMPLETE, TrialState.FAIL, TrialState.RUNNING
    trials = [
        _trial(0, done, slot=0), _trial(1, failed, slot=1), _trial(2, done, slot=2),
        _trial(3, failed, slot=1, reason="loss is NaN"), _trial(4, running, slot=3), _trial(5, running),
        _trial(6, running),
    ]  # fmt: skip
    assert [is_lost(trial) for trial in trials] == [False, True, False, False, False, False, False]
    assert slots(trials) == {0: 0, 2: 2, 3: 1, 4: 3, 5: 4, 6: 5}


def test_suggestions_depend_on_seed_and_place_alone() -> None:
    space = distributions(SPACE)

    def suggested(seed: int, lose: set[int]) -> list[dict[str, object]]:
        study = optuna.create_study(sampler=SlotSampler(seed, {"units": 128}, space))
        found = []
        for number in range(14 + len(lose)):
            trial = study.ask(space)
            if number in lose:
                study.tell(trial, state=TrialState.FAIL)
                continue
            trial.set_user_attr("slot", study.sampler.slot(study, trial.number))  # type: ignore[attr-defined]
            study.tell(trial, trial.params["dropout"])
            found.append(dict(trial.params))
        return found

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    once = suggested(0, set())
    assert once[0]["units"] == 128
    assert once == suggested(0, {3, 4, 12})
    assert once[1:] != suggested(1, set())[1:]
    assert len({str(params) for params in once}) == 14


def test_the_command_reads_back_as_it_was_written() -> None:
    recipe = load_recipe("lstm")
    params = with_defaults(
        recipe, {"learning_rate": 1e-05, "vectors": None, "pooling": "max", "units": 96, "dropout": 0.1}
    )
    words = shlex.split(command(recipe, params, "my data.csv", (1, 2), ("--smoke",)))
    assert words[3:] == ["run", "-r", words[5], "-d", "my data.csv", "--seeds", "1,2", "--smoke"]
    name, given = parse_recipe(words[5])
    assert (name, with_defaults(recipe, given)) == ("lstm", params)


def test_text_that_looks_like_a_number_needs_no_quotes() -> None:
    recipe = load_recipe("dnn")
    params = with_defaults(recipe, {"layers": "16", "char_ngrams": "3-5"})
    assert command(recipe, params, "toy", (1,), ()) == (
        "python -m bench run -r 'dnn[layers=16,char_ngrams=3-5]' -d toy --seeds 1"
    )
    assert with_defaults(recipe, parse_recipe("dnn[layers=16,char_ngrams=3-5]")[1]) == params


@pytest.mark.parametrize("written", ["1e-3", "1E-03", "1.0e-3", ".1e-2", "0.001"])
def test_a_number_may_be_written_with_an_exponent(written: str) -> None:
    for name in ("lstm", "finetune"):  # whose default is a number, and whose default is none
        assert (
            with_defaults(load_recipe(name), parse_recipe(f"{name}[learning_rate={written}]")[1])["learning_rate"]
            == 0.001
        )


def test_a_parameter_by_its_former_name_is_an_error_with_todays() -> None:
    with pytest.raises(
        BenchError, match="parameter 'piece_dropout' of recipe 'finetune' is called 'token_masking' now"
    ):
        with_defaults(load_recipe("finetune"), {"piece_dropout": 0.1})
