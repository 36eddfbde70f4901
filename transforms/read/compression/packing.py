"""What a file may be packed with, beside what it holds: `warc.gz` is a kind and a packing."""

import io
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple, cast

from warraq.schemas.records import Rejected
from warraq.transforms.read.compression.gzip import MAGIC, Inflated
from warraq.transforms.read.compression.stream import Unpacked
from warraq.transforms.read.compression.zstd import Unzstd, starts_zstd
from warraq.transforms.read.dump import BUFFER, Dump, Item, refuse

_UNPACKERS: Final[dict[str, type[Unpacked]]] = {"gz": Inflated, "zst": Unzstd}


def packing_of(head: bytes) -> str:
    """`gz` or `zst` for a file that begins with `head`; "" if it isn't packed."""
    if head.startswith(MAGIC):
        return "gz"
    return "zst" if starts_zstd(head) else ""


def unpack(stream: BinaryIO, packing: str) -> BinaryIO:
    """What a file holds as a seekable stream, in bounded memory; it ends where damage begins (see `damage_of`)."""
    if not packing:
        return stream
    unpacked = _UNPACKERS[packing.partition(".")[0]](stream)
    return cast("BinaryIO", io.BufferedReader(unpacked, BUFFER))


def unpack_member(stream: BinaryIO, packing: str, offset: int) -> BinaryIO:
    """What the gzip member or zstd frame at `offset` holds, as `unpack`."""
    unpacked = _UNPACKERS[packing](stream, offset, one_member=True)
    return cast("BinaryIO", io.BufferedReader(unpacked, BUFFER))


class Beginning(NamedTuple):
    """How a file is packed, and the first bytes of what it holds."""

    packing: str
    content: bytes
    damage: str  # what keeps the content from being longer; "" if nothing does


def begin(stream: BinaryIO, size: int) -> Beginning:
    """The beginning of a file, of which `stream` gives the packed bytes; its content has at most `size` bytes."""
    head = stream.read(size)
    packing = packing_of(head)
    if not packing:
        return Beginning(packing, head, "")
    unpacked, content = _UNPACKERS[packing](stream), b""
    while len(content) < size and (piece := unpacked.read(size - len(content))):
        content += piece
    return Beginning(packing, content, unpacked.damage)


def damage_of(stream: BinaryIO) -> str:
    """What is wrong with the packing of a stream that has been read to its end; "" if nothing is."""
    raw = getattr(stream, "raw", None)
    return raw.damage if isinstance(raw, Unpacked) else ""


def with_damage(items: Iterator[Item], unpacked: BinaryIO, dump: Dump, start: int = 0) -> Iterator[Item]:
    """The items read from `unpacked`, and one row where its packing is damaged, unless what it cut has left that row.

    Offsets are `start` + offset in `unpacked`.
    """
    item = None
    for item in items:
        yield item
    if (damage := damage_of(unpacked)) and not (isinstance(item, Rejected) and item.reason == "corrupt_record"):
        yield refuse(dump, start + unpacked.tell(), "corrupt_record", damage)
