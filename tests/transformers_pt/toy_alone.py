"""`python -m tests.transformers_pt.toy_alone VERB …`: `python -m transformers_pt` where no data set but `toy` lies.

To compare a corpus with the test texts of all data sets of this machine takes a minute.
"""

import runpy
from pathlib import Path

from bench.data import locate

if __name__ == "__main__":
    locate.REPOSITORY = Path.cwd()
    runpy.run_module("transformers_pt", run_name="__main__", alter_sys=True)
