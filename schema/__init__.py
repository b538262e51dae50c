"""What should be: every pure type, the compatibility knowledge, and the diff between desired and observed."""
