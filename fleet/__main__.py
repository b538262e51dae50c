"""python -m fleet: the `fleet` command without its script."""

from fleet import cli

if __name__ == "__main__":
    cli.main()
