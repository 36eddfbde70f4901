"""The error of landing."""


class LandingError(Exception):
    """The broker or the topic can't be read; the message is one line. What has been landed stays."""
