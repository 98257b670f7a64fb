"""Files to import, plain or in their zip, and when they were generated.

An archive is never unpacked: its members are read as they come, under the same limits as plain files.
A file that changes between the first look at it and the end of its reading is refused.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

from hub.errors import MalformedError
from hub_annuaire import days
from hub_annuaire.faults import Place

BUFFER: Final = 1 << 20
MAX_MEMBERS: Final = 100

_ZIP: Final = frozenset({b"PK\x03\x04", b"PK\x05\x06"})
"""How a zip begins, and one with nothing in it (APPNOTE, 4.3.6, 4.3.16)."""
_STAMP: Final = re.compile(r"_(\d{12})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One text to read. `generated` has no time zone: extractions are stamped in French time.

    `seen` is what identified the file when it was first looked at.
    """

    path: Path
    member: str | None
    name: str
    size: int
    generated: datetime
    seen: tuple[int, ...]


def find(path: Path) -> tuple[Source, ...]:
    """Return what a file holds: itself, or the texts in a zip. Raises MalformedError."""
    try:
        with path.open("rb") as file:
            zipped = file.read(4) in _ZIP
            status = os.fstat(file.fileno())
    except OSError:
        raise _unreadable(path.name) from None
    seen = _identity(status)
    modified = days.local(datetime.fromtimestamp(status.st_mtime, UTC))
    if not zipped:
        if path.suffix.lower() == ".zip":
            raise Place(path.name).malformed(
                "not_a_zip", "named like a zip, and is none", "le nom est celui d'un zip, pas le contenu"
            )
        return (
            Source(
                path=path,
                member=None,
                name=path.name,
                size=status.st_size,
                generated=_stamp(path.name) or modified,
                seen=seen,
            ),
        )
    with path.open("rb") as file, _archive(file, path) as archive:
        members = [one for one in archive.infolist() if not one.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise Place(path.name).limit(
            "zip_members",
            f"more than {MAX_MEMBERS} files",
            f"plus de {MAX_MEMBERS} fichiers",
        )
    return tuple(
        Source(
            path=path,
            member=one.filename,
            name=f"{path.name}/{Path(one.filename).name}",
            size=one.file_size,
            generated=_stamp(one.filename) or _stamp(path.name) or modified,
            seen=seen,
        )
        for one in members
        if one.filename.lower().endswith((".txt", ".csv"))
    )


@contextmanager
def reading(source: Source) -> Iterator[BinaryIO]:
    """Open a source for reading from its beginning. Raises MalformedError.

    What the block raises counts more than that the file has changed meanwhile: it may be why.
    """
    try:
        file = source.path.open("rb", buffering=BUFFER)
    except OSError:
        raise _unreadable(source.name) from None
    with file:
        _same(source, file)
        if source.member is None:
            yield file
        else:
            with _archive(file, source.path) as archive, _member(archive, source) as member:
                yield member
        _same(source, file)


@contextmanager
def _member(archive: zipfile.ZipFile, source: Source) -> Iterator[BinaryIO]:
    try:
        member = archive.open(cast("str", source.member))
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        raise Place(source.name).malformed(
            "zip_unreadable",
            "this file of the zip is encrypted, or packed in an unknown way",
            "ce fichier du zip est chiffré, ou compressé d'une façon inconnue",
        ) from error
    # ZipExtFile reads lines in Python; a buffer in front of it does so in C
    with io.BufferedReader(cast("io.RawIOBase", member), BUFFER) as buffered:
        yield buffered


@contextmanager
def _archive(file: BinaryIO, path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise Place(path.name).malformed(
            "zip_damaged", "the zip is damaged", "l'archive zip est endommagée"
        ) from error
    with archive:
        yield archive


def _same(source: Source, file: BinaryIO) -> None:
    """Refuse a file that is not the one that was looked at. Raises MalformedError."""
    try:
        there = _identity(source.path.stat())
    except OSError:
        there = ()
    if not source.seen == there == _identity(os.fstat(file.fileno())):
        raise Place(source.name).malformed(
            "changed", "the file changed while it was read", "le fichier a changé pendant la lecture"
        )


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _unreadable(name: str) -> MalformedError:
    return Place(name).malformed(
        "unreadable", "no such file, or it can't be read", "fichier absent ou illisible"
    )


def _stamp(name: str) -> datetime | None:
    stamps = _STAMP.findall(Path(name).name)
    if not stamps:
        return None
    try:
        return datetime.strptime(stamps[-1], "%Y%m%d%H%M")  # noqa: DTZ007 - see `Source.generated`
    except ValueError:
        return None
