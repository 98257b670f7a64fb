"""One page of a search: a Bundle of type `searchset` → records, and where the next page is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yarl import URL

from hub.errors import MalformedError
from hub_annuaire.fhir import documents, faults, reading
from hub_annuaire.fhir.elements import Element, UnreadableError
from hub_annuaire.fhir.records import Record

MAX_URL: Final = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page holds. `total` is how many the server says match, on all pages; None: not said.

    `unreadable` are resources that are not what FHIR or the profiles say: kind, id where there is one,
    and the path of what is wrong.
    """

    records: tuple[Record, ...]
    unreadable: tuple[tuple[str, str, str], ...]
    next: URL | None
    total: int | None


def read(body: bytes, at: URL, base: URL, max_depth: int) -> Page:
    """Read a page that was got from `at`. Takes milliseconds: call it from a thread.

    Raises MalformedError and LimitError.
    """
    bundle = _bundle(body, max_depth)
    records: list[Record] = []
    unreadable: list[tuple[str, str, str]] = []
    for entry in _listed(bundle, "entry"):
        if not isinstance(entry, dict):
            raise _no_bundle()
        resource = entry.get("resource")
        if resource is None:
            continue
        try:
            record = reading.read(resource)
        except UnreadableError as error:
            known = resource if isinstance(resource, dict) else {}
            unreadable.append((str(known.get("resourceType")), str(known.get("id"))[:64], error.path))
            continue
        if record is not None:
            records.append(record)
    total = bundle.get("total")
    return Page(
        records=tuple(records),
        unreadable=tuple(unreadable),
        next=_next(bundle, at, base),
        total=total if isinstance(total, int) and total >= 0 else None,
    )


def _bundle(body: bytes, max_depth: int) -> dict[str, Any]:
    bundle = documents.read(body, max_depth)
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "searchset":
        raise _no_bundle()
    return bundle


def _next(bundle: dict[str, Any], at: URL, base: URL) -> URL | None:
    for link in _listed(bundle, "link"):
        try:
            element = Element(link, "link")
            if element.text("relation") != "next":
                continue
            written = link.get("url")
        except UnreadableError:
            raise _no_bundle() from None
        if not isinstance(written, str) or not written or len(written) > MAX_URL:
            raise _no_bundle()
        try:
            url = at.join(URL(written, encoded=True))
        except ValueError:
            raise _no_bundle() from None
        if not within(url, base):
            raise faults.elsewhere()
        return url
    return None


def within(url: URL, base: URL) -> bool:
    """Whether a URL leads to the configured server: same scheme, host, port, and below its path."""
    same = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
    # a server may have its pages at the base itself, `…/fhir/v2?_page_token=…`
    below = f"{url.path.rstrip('/')}/".startswith(base.path) and ".." not in url.path.split("/")
    return same and below and url.user is None and url.password is None


def _listed(bundle: dict[str, Any], key: str) -> list[Any]:
    values = bundle.get(key, [])
    if not isinstance(values, list):
        raise _no_bundle()
    return values


def _no_bundle() -> MalformedError:
    return faults.not_fhir(
        "its answer is not a Bundle of results", "sa réponse n'est pas un Bundle de résultats"
    )
