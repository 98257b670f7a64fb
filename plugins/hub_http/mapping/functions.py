"""The functions of templates, by name. Each gives the same for the same values, and no more than is bounded.

`docs/reference/operator-templates.md` has an example of every one; a test runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hub_http.mapping import encodings, lists, moments, texts

FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "base64": encodings.base64_,
    "base64url": encodings.base64url,
    "code": lists.code,
    "date": moments.date,
    "default": lists.default,
    "first": lists.first,
    "hex": encodings.hex_,
    "int": texts.int_,
    "iso": moments.iso,
    "join": texts.join,
    "json": encodings.json_,
    "last": lists.last,
    "length": lists.length,
    "lower": texts.lower,
    "map": lists.map_,
    "pad": texts.pad,
    "replace": texts.replace,
    "sha256": encodings.sha256,
    "sha512": encodings.sha512,
    "split": texts.split,
    "string": texts.string,
    "text": encodings.text,
    "trim": texts.trim,
    "truncate": texts.truncate,
    "unix": moments.unix,
    "upper": texts.upper,
    "urlencode": encodings.urlencode,
    "uuid": encodings.uuid5,
    "where": lists.where,
    "xml": encodings.xml,
    # What the compiler puts in the place of `~`, and around what a loop goes through; nobody can write them.
    " joined": texts.joined,
    " counted": lists.counted,
}
