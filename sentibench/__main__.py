"""`python -m sentibench`: the same as `python -m bench`."""

from bench.entry import command_line

if __name__ == "__main__":
    with command_line():
        from bench.cli import main

        main()
