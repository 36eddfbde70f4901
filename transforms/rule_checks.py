"""Checks that the rules of all stages share."""

import math


def check_range(flag: str, value: float, least: float, most: float = math.inf) -> None:
    """Returns if `value` is from `least` to `most`.

    Raises:
      ValueError: it is not, or it is no number; the message begins with the name of the flag.
    """
    if not least <= value <= most:  # also true for NaN
        limits = f"at least {least}" if most == math.inf else f"from {least} to {most}"
        raise ValueError(f"{flag} must be {limits}, not {value}")
