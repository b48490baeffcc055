"""`python -m bench`."""

from bench.entry import command_line

with command_line():
    from bench.cli import main

    main()
