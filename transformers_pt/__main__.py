"""`python -m transformers_pt`: train a recipe by name, or pretrain an encoder."""

import sys

from bench.track import main

if sys.argv[1:2] == ["pretrain"]:
    from transformers_pt.pretrain.command import main as pretrain_main

    pretrain_main()
else:
    main("transformers_pt")
