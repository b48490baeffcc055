"""`python -m serving VERB`: use a trained artifact."""

from bench.entry import command_line

if __name__ == "__main__":
    with command_line("stopped; what was scored is kept, and the same command goes on from there"):
        from serving.cli import app

        app(prog_name="python -m serving")
