"""Measurements: what a look at a host costs, what loading an inventory costs, and how much nonsense it takes."""
