"""The report as JSON: the contract's shape, its keys in a stable order; and its JSON Schema."""

import json
from typing import Any

from fleet.report.model import Report

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render(report: Report) -> str:
    """One document; docs/drift-report.md says what each key means."""
    return json.dumps(report.model_dump(mode="json"), indent=2, ensure_ascii=False)


def schema() -> dict[str, object]:
    """Its JSON Schema (docs/drift-report.schema.json): all keys are written, and unknown ones are allowed."""
    made = Report.model_json_schema(mode="serialization")
    definitions = {name: _object(node) for name, node in made.pop("$defs").items()}
    return {"$schema": DIALECT, "title": "fleet drift --format json", **_object(made), "$defs": definitions}


def _object(node: dict[str, Any]) -> dict[str, Any]:
    """A model as a reader sees it."""
    properties = {
        key: {word: value for word, value in kind.items() if word != "title"}
        for key, kind in node["properties"].items()
    }
    description = " ".join(node.get("description", "").split())
    return {"type": "object", "description": description, "properties": properties, "required": list(properties)}


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
