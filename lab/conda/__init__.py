"""A stand-in for conda's command line, over py-rattler: solver, downloads, linking and conda-meta are py-rattler's."""
