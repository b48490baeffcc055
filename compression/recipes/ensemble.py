"""Several trained models that answer as one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from bench.api import (
    STANDALONE,
    BenchError,
    Compression,
    Params,
    Predictor,
    Probabilities,
    RunContext,
    Split,
    Training,
    Truncation,
    load_artifact,
    load_recipe,
    read_card,
)

MEMBERS = "members"
TENSORFLOW = ("keras", "tensorflow")


class Ensemble(Compression):
    """The mean of its parents' probabilities (two or more): a better teacher, at the price of all of them.

    The artifact holds a copy of each parent, and each reads texts as it always did. One process serves them all, so
    that no member may need TensorFlow where another needs PyTorch.
    """

    name, framework, requires = "ensemble", "any", ("numpy",)
    parents: ClassVar[int | None] = None
    example = "linear"
    multi_label = True

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
        """Copy the parents; nothing is trained."""
        frameworks = {framework for parent in parents for framework in frameworks_of(parent)}
        if "pytorch" in frameworks and frameworks & set(TENSORFLOW):
            raise BenchError(
                f"an ensemble of {', '.join(sorted(frameworks))}: PyTorch and TensorFlow never share a process; "
                "make one of the models of one framework, and distil a student of the other from it"
            )
        for number, parent in enumerate(parents):
            shutil.copytree(parent, out_dir / MEMBERS / str(number))
        return Training()

    def load(self, artifact_dir: Path) -> Predictor:
        """All members."""
        return EnsemblePredictor([load_artifact(folder) for folder in members_of(artifact_dir)])


def members_of(artifact_dir: Path) -> list[Path]:
    """The folders of an ensemble's members, in order."""
    return sorted((artifact_dir / MEMBERS).iterdir(), key=lambda folder: int(folder.name))


def frameworks_of(artifact_dir: Path) -> set[str]:
    """The frameworks that serving an artifact may import; of an ensemble those of all of its members."""
    layout = read_card(artifact_dir)["layout"]
    if layout == Ensemble.name:
        return {framework for member in members_of(artifact_dir) for framework in frameworks_of(member)}
    return {load_recipe(layout).framework}


class EnsemblePredictor(Predictor):
    """The mean of its members' probabilities."""

    def __init__(self, members: Sequence[Predictor]) -> None:
        self.members = members
        self.parameters = sum(member.parameters for member in members)
        self.nonzero_parameters = sum(member.nonzero_parameters for member in members)
        self.runtime = "+".join(dict.fromkeys(member.runtime for member in members))
        self.dtype = "+".join(dict.fromkeys(member.dtype for member in members))
        self.device = "+".join(dict.fromkeys(member.device for member in members))

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]."""
        each = [member.predict_proba(texts) for member in self.members]
        return np.asarray(np.mean(each, axis=0, dtype=np.float32))

    def truncation(self, texts: Sequence[str]) -> Truncation | None:
        """Of the member that reads least."""
        each = [found for member in self.members if (found := member.truncation(texts)) is not None]
        return max(each, key=lambda found: found.tokens, default=None)
