"""Reading a zip strictly, by its central directory, in pieces (APPNOTE 6.3).

Refused: encryption, links and devices, names that lead outside or come twice, entries that overlap,
several volumes, ZIP64, methods other than stored and deflated, and whatever passes the limits. Local
headers must agree with the central directory: readers that go by the one or the other see the same.
"""

from __future__ import annotations

import itertools
import re
import stat
import struct
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from hub.ports.content import PIECE
from hub_smtp.mime.source import Source
from hub_smtp.xdm.limits import XdmLimits
from hub_smtp.xdm.refusals import malformed, too_much

_END: Final = struct.Struct("<4s4H2LH")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_END_MARK: Final = b"PK\x05\x06"
_CENTRAL_MARK: Final = b"PK\x01\x02"
_LOCAL_MARK: Final = b"PK\x03\x04"
_MAX_COMMENT: Final = 0xFFFF
_MAX_NAME: Final = 512
_ENCRYPTED: Final = 0x2041
"""Flag bits of encryption, traditional, strong, and of masked headers."""
_UTF8: Final = 0x800
_STORED: Final = 0
_DEFLATED: Final = 8
_UNIX: Final = 3
_ZIP64: Final = 0xFFFFFFFF
_FREE: Final = 1 << 20
"""Bytes that any entry may unpack to, whatever its ratio."""
_NAME = re.compile(r"[^\x00-\x1f\x7f\\:*?\"<>|]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file in the zip. `name` is a relative path with `/`, safe and unique (letter case aside)."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    at: int


async def entries(source: Source, limits: XdmLimits) -> list[Entry]:
    """Return the files of a zip in the order of its directory. Raises MalformedError and LimitError."""
    start, end, count = await _directory(source, limits)
    data = await source.read(start, end)
    found: list[Entry] = []
    spans: list[tuple[int, int]] = []
    names: set[str] = set()
    at = 0
    for _ in range(count):
        entry, folder, at = _entry(data, at)
        folded = entry.name.rstrip("/").casefold()
        if folded in names:
            raise malformed("twice", "it holds the same name twice", "il contient deux fois le même nom")
        names.add(folded)
        spans.append(await _span(source, entry, start))
        if not folder:
            found.append(entry)
    if at != len(data):
        raise malformed("directory", "its directory is not of its size", "son répertoire n'a pas sa taille")
    _check(found, spans, limits)
    return found


async def unpacked(source: Source, entry: Entry) -> AsyncIterator[bytes]:
    """Yield a file's bytes. Raises MalformedError when they are not what the directory says."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS) if entry.method == _DEFLATED else None
    crc, size = 0, 0
    # 1. Where the data begins was checked when the directory was read.
    start = await _data(source, entry)
    async for piece in source.pieces(start, start + entry.packed):
        left = piece
        while left:
            if inflate is None:
                data, left = left, b""
            else:
                data, left = _inflated(inflate, left)
            size += len(data)
            if size > entry.size:
                raise _not_itself()
            crc = zlib.crc32(data, crc)
            if data:
                yield data
    # 2. All of it came, and nothing else.
    if size != entry.size or crc != entry.crc or (inflate is not None and not inflate.eof):
        raise _not_itself()


def _inflated(inflate: zlib._Decompress, data: bytes) -> tuple[bytes, bytes]:
    """Return a piece unpacked, and what of `data` has not been looked at."""
    if inflate.eof:
        raise _not_itself()
    try:
        out = inflate.decompress(data, PIECE)
    except zlib.error:
        raise _not_itself() from None
    if inflate.unused_data:
        raise _not_itself()
    return out, inflate.unconsumed_tail


async def _directory(source: Source, limits: XdmLimits) -> tuple[int, int, int]:
    """Return where the central directory begins and ends, and how many entries it has."""
    tail_start = max(0, source.size - _END.size - _MAX_COMMENT)
    tail = await source.read(tail_start, source.size)
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        raise malformed("zip", "it is not a zip", "ce n'est pas un zip")
    _, disk, first, here, count, size, start, comment = _END.unpack_from(tail, at)
    end = tail_start + at
    if disk or first or here != count or len(tail) - at != _END.size + comment or start + size != end:
        raise malformed(
            "directory", "its directory is not where it says", "son répertoire n'est pas où il le dit"
        )
    if count > limits.entries or size > limits.entries * (_CENTRAL.size + 2 * _MAX_NAME):
        raise too_much("it holds too many files", "il contient trop de fichiers", limits.entries)
    return start, end, count


def _entry(data: bytes, at: int) -> tuple[Entry, bool, int]:
    """Read one entry of the central directory; return it, whether it is a folder, and where it ends."""
    if len(data) - at < _CENTRAL.size:
        raise malformed("directory", "its directory is cut off", "son répertoire est tronqué")
    (
        mark,
        made_by,
        _,
        flags,
        method,
        _,
        _,
        crc,
        packed,
        size,
        name_size,
        extra,
        comment,
        disk,
        _,
        mode,
        offset,
    ) = _CENTRAL.unpack_from(data, at)
    end = at + _CENTRAL.size + name_size + extra + comment
    if mark != _CENTRAL_MARK or end > len(data) or disk:
        raise malformed("directory", "its directory is cut off", "son répertoire est tronqué")
    if flags & _ENCRYPTED:
        raise malformed("encrypted", "a file in it is encrypted", "un de ses fichiers est chiffré")
    if _ZIP64 in {packed, size, offset}:
        raise malformed("zip64", "it is a ZIP64", "c'est un ZIP64")
    raw = data[at + _CENTRAL.size : at + _CENTRAL.size + name_size]
    name = _name(raw, utf8=bool(flags & _UTF8))
    kind = stat.S_IFMT(mode >> 16)
    if made_by >> 8 == _UNIX and kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise malformed("link", "it holds a link or a device", "il contient un lien ou un périphérique")
    folder = name.endswith("/")
    if method not in {_STORED, _DEFLATED} or (folder and size):
        raise malformed(
            "method",
            "a file in it is neither stored nor deflated",
            "un de ses fichiers n'est ni stocké ni compressé par deflate",
        )
    entry = Entry(name=name, method=method, crc=crc, packed=packed, size=size, at=offset)
    return entry, folder, end


def _name(raw: bytes, *, utf8: bool) -> str:
    try:
        name = raw.decode("utf-8" if utf8 else "cp437")
    except UnicodeDecodeError:
        name = ""
    parts = name.removesuffix("/").split("/")
    if (
        not _NAME.fullmatch(name)
        or len(raw) > _MAX_NAME
        or any(part in {"", ".", ".."} or part != part.strip() for part in parts)
    ):
        raise malformed(
            "path",
            "a name in it is no plain relative path (no .., drive, backslash or leading slash)",
            "un de ses noms n'est pas un simple chemin relatif (ni .., ni lecteur, ni \\ , ni / en tête)",
        )
    return name


async def _data(source: Source, entry: Entry) -> int:
    """Return where a file's data begins, by its local header."""
    head = await source.read(entry.at, entry.at + _LOCAL.size)
    if len(head) < _LOCAL.size:
        raise _other_header()
    mark, _, flags, method, _, _, _, _, _, name_size, extra = _LOCAL.unpack(head)
    start = entry.at + _LOCAL.size
    name = await source.read(start, start + name_size)
    if (
        mark != _LOCAL_MARK
        or method != entry.method
        or name.decode("utf-8" if flags & _UTF8 else "cp437", "replace") != entry.name
        or flags & _ENCRYPTED
    ):
        raise _other_header()
    return int(start + name_size + extra)


async def _span(source: Source, entry: Entry, directory: int) -> tuple[int, int]:
    end = await _data(source, entry) + entry.packed
    if end > directory:
        raise _other_header()
    return entry.at, end


def _check(found: list[Entry], spans: list[tuple[int, int]], limits: XdmLimits) -> None:
    spans.sort()
    if any(second[0] < first[1] for first, second in itertools.pairwise(spans)):
        raise malformed("overlap", "files in it overlap", "des fichiers s'y recouvrent")
    if any(entry.size > limits.entry_bytes for entry in found):
        raise too_much("a file in it is too large", "un de ses fichiers est trop grand", limits.entry_bytes)
    if sum(entry.size for entry in found) > limits.total_bytes:
        raise too_much(
            "its files are too large together", "ses fichiers sont trop grands ensemble", limits.total_bytes
        )
    if any(entry.size > _FREE and entry.size > entry.packed * limits.ratio for entry in found):
        raise too_much(
            "a file in it unpacks to too many times its size",
            "un de ses fichiers se décompresse à trop de fois sa taille",
            limits.ratio,
        )
    if any(entry.method == _STORED and entry.packed != entry.size for entry in found):
        raise _not_itself()


def _other_header() -> Exception:
    return malformed(
        "header",
        "a file in it is not what its directory says",
        "un de ses fichiers n'est pas ce qu'en dit son répertoire",
    )


def _not_itself() -> Exception:
    return malformed(
        "data",
        "a file in it has not the size or checksum that its directory says",
        "un de ses fichiers n'a pas la taille ou la somme de contrôle qu'en dit son répertoire",
    )
