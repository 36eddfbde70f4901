"""Writes the tables, reconciles the ledger and commits the run."""
