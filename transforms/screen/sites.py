"""Lists of sites whose pages are read, or are not. A list belongs to the rules by its content, not by its name."""

import functools
import hashlib
from typing import Final

from warraq.schemas.records import Page
from warraq.transforms.domains import host_of, is_listed, read_domains
from warraq.transforms.rejection import Rejection

_DIGEST: Final = "@sha256:"  # between the path and the digest of the domains
_DIGITS: Final = 64


def with_digest(name: str, stated: str) -> str:
    """`PATH@sha256:DIGEST`, the form in which a rule names a list.

    Args:
      name: the rule.
      stated: the path, or that form.

    Raises:
      ValueError: the list can't be read, or is another one than the digest says; the message has one line.
    """
    path, _, digest = stated.partition(_DIGEST)
    try:
        found = hashlib.sha256("\n".join(sorted(read_domains(path))).encode()).hexdigest()
    except OSError as error:
        raise ValueError(f"{name}: {path}: can't be read ({error.strerror or error})") from error
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    if digest not in ("", found):
        raise ValueError(f"{name}: {path} has changed since its digest was written: give its path only")
    return f"{path}{_DIGEST}{found}"


@functools.cache
def _domains(stated: str) -> frozenset[str]:
    """The domains of a list, read once by each process.

    Raises:
      OSError: the list is not on this machine.
    """
    return read_domains(stated.partition(_DIGEST)[0])


def check_site(page: Page, allow: str, block: str) -> None:
    """Returns if pages of this site are wanted. Sub-domains belong to a domain.

    Raises:
      Rejection: site_not_allowed or site_blocked; the detail is the host.
    """
    host = host_of(page.source.url)
    if allow and not is_listed(host, _domains(allow)):
        raise Rejection("site_not_allowed", host)
    if block and is_listed(host, _domains(block)):
        raise Rejection("site_blocked", host)
