"""fleet lab: real hosts on this machine. Nothing of the lab is loaded before this verb is called."""

from lab import cli

command = cli.lab
