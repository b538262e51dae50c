"""pyinfra INVENTORY deploys/gpu.py: bring hosts to the desired state."""

# pyinfra executes this file once per host (3.10, `pyinfra_cli/util.py`), so all code is in modules.
from pyinfra.context import ctx_host

from deploys import apply

apply.apply(ctx_host.get())  # type: ignore[no-untyped-call]
