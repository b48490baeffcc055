"""Data sets: `load` one by name or path, or `prepare` it once for many runs."""

from bench.data.load import Dataset, load
from bench.data.manifest import dataset_names
from bench.data.prepare import find_prepared, prepare
from bench.data.prepared import Prepared
from bench.data.reading import Reading
from bench.data.ref import DatasetRef
from bench.data.stored import stored_ref

__all__ = [
    "Dataset",
    "DatasetRef",
    "Prepared",
    "Reading",
    "dataset_names",
    "find_prepared",
    "load",
    "prepare",
    "stored_ref",
]
