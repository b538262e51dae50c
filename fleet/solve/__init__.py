"""Environments solved on the controller: conda by py-rattler, pip by uv. Exact packages with hashes come out."""
