"""python -m bench [look | simulate | load | fuzz | smoke] [FLAGS]: `look` where none is named; each has --help."""

import importlib
import sys

VERBS = ("look", "simulate", "load", "fuzz", "smoke")


def main() -> None:
    given = sys.argv[1:]
    verb = given.pop(0) if given and given[0] in VERBS else "look"
    importlib.import_module(f"bench.{verb}").main(given)


if __name__ == "__main__":
    main()
