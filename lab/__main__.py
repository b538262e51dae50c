"""`python -m lab`: the same as `fleet lab`."""

from lab.cli import lab

if __name__ == "__main__":
    lab(prog_name="python -m lab")
