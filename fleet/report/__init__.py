"""The drift report: one model of what was found on every host, and a module for each form that it is told in."""
