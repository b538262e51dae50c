"""One module per verb of `fleet`; each defines a click command named `command`."""
