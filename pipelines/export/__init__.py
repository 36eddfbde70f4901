"""`warraq export` and `warraq rehydrate`: a dataset as plain files, and the texts of an export that has none."""
