"""Many hosts: the command line, inventory folders, drift, reports."""
