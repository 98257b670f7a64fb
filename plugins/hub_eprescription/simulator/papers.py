"""What a simulator needs that was given nothing: an authority with a certificate, and tokens for everyone.

Made anew each time but the files that are there already: a hub that is connected once stays connected.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Final

from hub.plugin.double import papers
from hub.plugin.double.papers import Papers
from hub_eprescription.simulator.parties import Access, Role

_VALID: Final = timedelta(days=365)


def kept(folder: Path, address: str) -> Papers:
    """Return the files of a folder; they are made when they are not there or soon over."""
    return papers.kept(folder, "simulator", "Caducée simulator", valid=_VALID, hosts=[address])


def access(folder: Path, role: Role, identifier: str, name: str) -> tuple[Access, Path]:
    """Return who may ask in a role, and the file with their token, which is made when it is not there."""
    path = folder / f"{name}.token"
    if not path.exists():
        papers.write_secret(path, f"{secrets.token_urlsafe(32)}\n")
    token = path.read_text("utf-8").strip()
    return Access(token=token, role=role, identifier=identifier, name=name), path
