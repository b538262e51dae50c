"""The one error of the lab: a sentence for the person who typed the command."""


class LabError(Exception):
    """Says where, what was found and what to type; `lab.cli` prints it without a traceback."""
