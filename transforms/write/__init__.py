"""Writes the tables, audits the ledger and commits the run."""
