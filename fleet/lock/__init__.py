"""`fleet lock`: resolves versions for the whole fleet, and writes them to fleet.lock."""
