"""What a look at a host costs the controller: every way in one run, on hosts that are in sync."""
