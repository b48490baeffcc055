"""`python -m sentibench`, and the command `sentibench`: the same as `python -m bench`."""

from bench.cli import main

if __name__ == "__main__":
    main()
