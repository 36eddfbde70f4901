"""How it is run: the flow, its options, the jobs, and the commands."""
