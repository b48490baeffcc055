"""Sizes and content hashes of artifact folders."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from bench.artifact import artifact_files, folder_hash
from bench.errors import BenchError
from bench.measure.size import gzipped_bytes, measure_size


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    folder = tmp_path / "artifact"
    (folder / "tokenizer").mkdir(parents=True)
    (folder / "weights.bin").write_bytes(os.urandom(3_000_000))
    (folder / "tokenizer" / "vocabulary.txt").write_text("word\n" * 100_000)
    return folder


def test_bytes_are_those_of_the_files(artifact: Path) -> None:
    size = measure_size(artifact, parameters=750_000, nonzero=700_000)
    assert size.bytes_on_disk == 3_500_000
    assert size.bits_per_weight == pytest.approx(8 * 3_500_000 / 750_000)
    assert 3_000_000 < size.bytes_gzipped < 3_010_000
    assert (size.parameters, size.nonzero_parameters) == (750_000, 700_000)
    assert size.files == {"tokenizer/vocabulary.txt": 500_000, "weights.bin": 3_000_000}


def test_gzipped_bytes_are_those_of_gzip(artifact: Path) -> None:
    for path in artifact_files(artifact):
        assert gzipped_bytes(path) == pytest.approx(len(gzip.compress(path.read_bytes(), 6)), abs=16)


@pytest.mark.parametrize(("parameters", "nonzero"), [(0, 0), (10, 11), (10, -1)])
def test_counts_that_cannot_be_are_refused(artifact: Path, parameters: int, nonzero: int) -> None:
    with pytest.raises(BenchError, match=f"{parameters} parameters, {nonzero} of them"):
        measure_size(artifact, parameters, nonzero)


def test_hash_is_of_paths_and_contents_alone(artifact: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / "tokenizer").mkdir(parents=True)
    for path in reversed(artifact_files(artifact)):
        (copy / path.relative_to(artifact)).write_bytes(path.read_bytes())
    os.utime(copy / "weights.bin", (0, 0))
    assert folder_hash(copy) == folder_hash(artifact)
    assert len(folder_hash(copy)) == 64


def test_hash_changes_with_content_name_and_border(tmp_path: Path) -> None:
    hashes = set()
    for number, files in enumerate(
        [
            {"a": "1", "b": "2"},
            {"a": "2", "b": "1"},
            {"a": "12"},
            {"c": "1", "b": "2"},
            {"a": "", "b": "12"},
            {"d/a": "1"},
        ]
    ):
        for name, content in files.items():
            path = tmp_path / str(number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        hashes.add(folder_hash(tmp_path / str(number)))
    assert len(hashes) == 6


def test_links_and_missing_folders_are_refused(artifact: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(artifact)
    (artifact / "shared.bin").symlink_to(tmp_path / "elsewhere")
    for folder, said in (
        (artifact, "shared.bin is a link"),
        (tmp_path / "link", "no artifact folder"),
        (tmp_path / "no", "no artifact"),
    ):
        with pytest.raises(BenchError, match=said):
            folder_hash(folder)
