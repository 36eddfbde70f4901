"""Errors that end a run and that code without Beam may raise."""


class LedgerError(Exception):
    """The pages do not add up; nothing may be committed."""
