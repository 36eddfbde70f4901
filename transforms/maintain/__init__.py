"""The upkeep of a dataset: what `warraq maintain` does. Each operation can be killed at any moment and run again."""
