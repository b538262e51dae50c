"""pyinfra INVENTORY deploys/drift.py: compare hosts with their declarations; one that drifts fails."""

# pyinfra executes this file once per host (3.10, `pyinfra_cli/util.py`), so all code is in modules.
from pyinfra.context import ctx_host

from deploys import report

report.drift(ctx_host.get())  # type: ignore[no-untyped-call]
