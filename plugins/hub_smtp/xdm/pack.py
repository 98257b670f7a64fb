"""Writing a zip whose size is known before its bytes are: no part of it is whole in memory.

Small files are deflated when that makes them smaller, large ones stored. The same files at the same
moment give the same bytes.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from hub_smtp.mime.segments import Segment, Segments, Stream

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_VERSION: Final = 20
_FIRST_YEAR: Final = 1980


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A file ready to be written. `sha1` is what XDS metadata call its hash."""

    name: str
    method: int
    crc: int
    size: int
    sha1: str
    data: Segment = field(repr=False)

    @property
    def packed(self) -> int:
        """Bytes in the zip."""
        return self.data.size if isinstance(self.data, Stream) else len(self.data)


async def prepare(name: str, data: Segment) -> Packed:
    """Read a file once for its checksums; a small one is deflated."""
    digest = hashlib.sha1(usedforsecurity=False)
    if isinstance(data, bytes):
        digest.update(data)
        deflater = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        deflated = deflater.compress(data) + deflater.flush()
        smaller = len(deflated) < len(data)
        return Packed(
            name=name,
            method=8 if smaller else 0,
            crc=zlib.crc32(data),
            size=len(data),
            sha1=digest.hexdigest(),
            data=deflated if smaller else data,
        )
    crc = 0
    async for piece in data.pieces():
        digest.update(piece)
        crc = zlib.crc32(piece, crc)
    return Packed(name=name, method=0, crc=crc, size=data.size, sha1=digest.hexdigest(), data=data)


def archive(files: Sequence[Packed], at: datetime) -> Segments:
    """Return the zip. Every name is ASCII; `at` dates the files."""
    stamp = _stamp(at)
    items: list[Segment] = []
    central: list[bytes] = []
    offset = 0
    for one in files:
        name = one.name.encode("ascii")
        common = (0, one.method, *stamp, one.crc, one.packed, one.size, len(name), 0)
        local = _LOCAL.pack(b"PK\x03\x04", _VERSION, *common) + name
        central.append(_CENTRAL.pack(b"PK\x01\x02", _VERSION, _VERSION, *common, 0, 0, 0, 0, offset) + name)
        items += [local, one.data]
        offset += len(local) + one.packed
    directory = b"".join(central)
    end = _END.pack(b"PK\x05\x06", 0, 0, len(files), len(files), len(directory), offset, 0)
    return Segments((*items, directory + end))


def _stamp(at: datetime) -> tuple[int, int]:
    """Return a moment in MS-DOS' two words: time, then date."""
    utc = at.astimezone(UTC)
    time = utc.hour << 11 | utc.minute << 5 | utc.second // 2
    return time, max(0, utc.year - _FIRST_YEAR) << 9 | utc.month << 5 | utc.day
