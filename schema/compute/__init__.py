"""compute: does each GPU compute, and compute right? What is asked of a host, its answers, and what they come to."""

from schema.compute.ask import not_run, request
from schema.compute.model import SLOW, Compute, Request, Result, Torch
from schema.compute.read import read

__all__ = ["SLOW", "Compute", "Request", "Result", "Torch", "not_run", "read", "request"]
