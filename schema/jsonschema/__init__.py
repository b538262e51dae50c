"""JSON Schema of a host file and of fleet.yaml, for editors: what they complete with, and what they mark as wrong.

Draft 7, which every version of the YAML language server reads (redhat-developer/yaml-language-server#856). Values
are checked as an editor reads them, by YAML 1.2: an unquoted 12.9 or 580 is a number there and a text for gpufleet.
What several keys say together is not in here; `fleet validate` checks that.
"""

from schema import fields
from schema.fleet import Rollout
from schema.host import HostSpec
from schema.jsonschema import known, shape

Json = shape.Json
DRAFT = "http://json-schema.org/draft-07/schema#"
TITLES = {"host": "gpufleet host", "fleet": "gpufleet fleet"}
# The keys of fleet.yaml, as docs/inventory.md explains them.
MEANINGS = {
    "defaults": "Holds for every host; a group or the host itself wins over it.",
    "groups": "By name; each holds for the hosts that list the group.",
    "requires": 'The versions of gpufleet that may read this inventory, such as ">=0.1".',
    "require_lock": "Whether hosts may only be changed to what fleet.lock says.",
    "rollout": "How large moves go.",
    "max_unavailable": "How many hosts a plain run may reboot at a time. Default: 1.",
}


def host() -> Json:
    """The schema of hosts/NAME.yaml. `ubuntu` may come from a group, so that nothing is required."""
    return {"$schema": DRAFT, "title": TITLES["host"], **shape.mapping(HostSpec), "definitions": known.definitions()}


def fleet() -> Json:
    """The schema of fleet.yaml."""
    part: Json = {"$ref": "#/definitions/part"}
    names = shape.text(fields.annotation(HostSpec, "name"))
    groups: Json = {"type": "object", "additionalProperties": part, "propertyNames": names}
    keys: dict[str, Json] = {
        "defaults": part,
        "groups": groups,
        "requires": {"type": "string", "examples": [">=0.1"]},
        "require_lock": {"type": "boolean", "default": False},
        "rollout": _keys(
            {name: shape.kind(fields.annotation(Rollout, name), name) for name in fields.visible(Rollout)}
        ),
    }
    definitions = {**known.definitions(), "part": shape.mapping(HostSpec, without=frozenset({"groups"}))}
    return {"$schema": DRAFT, "title": TITLES["fleet"], **_keys(keys), "definitions": definitions}


def _keys(kinds: dict[str, Json]) -> Json:
    """A mapping with these keys; in draft 7 nothing that stands beside a $ref counts."""
    properties: dict[str, Json] = {
        key: {"description": MEANINGS[key], **({"allOf": [kind]} if "$ref" in kind else kind)}
        for key, kind in kinds.items()
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}
