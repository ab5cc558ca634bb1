"""`python -m builder.cli` is the same command."""

from builder.cli.main import entry

if __name__ == "__main__":
    entry()
