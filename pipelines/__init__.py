"""How it is run: the flow, its options, the jobs, and the commands."""

__version__ = "0.1.0"
