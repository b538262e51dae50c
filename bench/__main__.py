"""python -m bench [look | load] [FLAGS]: `look` is meant where nothing is named; each has a --help."""

import importlib
import sys

VERBS = ("look", "load")


def main() -> None:
    given = sys.argv[1:]
    verb = given.pop(0) if given and given[0] in VERBS else "look"
    importlib.import_module(f"bench.{verb}").main(given)


if __name__ == "__main__":
    main()
