"""Files to import, plain or in their zip, and when they were generated.

An archive is never unpacked: its members are read as they come, under the same limits as plain files.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

from hub_annuaire.faults import Place

BUFFER: Final = 1 << 20
MAX_MEMBERS: Final = 100

_STAMP: Final = re.compile(r"_(\d{12})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One text to read. `generated` has no time zone: extractions are stamped in French time."""

    path: Path
    member: str | None
    name: str
    size: int
    generated: datetime


def find(path: Path) -> tuple[Source, ...]:
    """Return what a file holds: itself, or the texts in a zip. Raises MalformedError."""
    try:
        with path.open("rb") as file:
            zipped = file.read(4) == b"PK\x03\x04"
        status = path.stat()
    except OSError:
        raise Place(path.name).malformed(
            "unreadable",
            "no such file, or it can't be read",
            "fichier absent ou illisible",
        ) from None
    modified = datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)
    if not zipped:
        return (
            Source(
                path=path,
                member=None,
                name=path.name,
                size=status.st_size,
                generated=_stamp(path.name) or modified,
            ),
        )
    with _archive(path) as archive:
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
        )
        for one in members
        if one.filename.lower().endswith((".txt", ".csv"))
    )


@contextmanager
def reading(source: Source) -> Iterator[BinaryIO]:
    """Open a source for reading from its beginning. Raises MalformedError."""
    if source.member is None:
        with source.path.open("rb", buffering=BUFFER) as file:
            yield file
        return
    with _archive(source.path) as archive:
        try:
            member = archive.open(source.member)
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
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, EOFError) as error:
        raise Place(path.name).malformed(
            "zip_damaged", "the zip is damaged", "l'archive zip est endommagée"
        ) from error
    with archive:
        yield archive


def _stamp(name: str) -> datetime | None:
    stamps = _STAMP.findall(Path(name).name)
    if not stamps:
        return None
    try:
        return datetime.strptime(stamps[-1], "%Y%m%d%H%M")  # noqa: DTZ007 - see `Source.generated`
    except ValueError:
        return None
