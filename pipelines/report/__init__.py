"""`warraq report`: the pictures of `warraq serve` for a run or a period, in one file."""
