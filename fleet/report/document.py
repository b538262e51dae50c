"""The report as JSON: the contract's shape, its keys in a stable order."""

import json

from fleet.report.model import Report


def render(report: Report) -> str:
    """One document; docs/drift-report.md says what each key means."""
    return json.dumps(report.model_dump(mode="json"), indent=2, ensure_ascii=False)
