"""The charsets of texts that we read, by the names that mail gives them (RFC 2978)."""

from __future__ import annotations

import codecs
from typing import Final

_KNOWN: Final = frozenset(
    codecs.lookup(name).name
    for name in (
        *(
            "ascii",
            "utf-8",
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "koi8-r",
            "koi8-u",
            "gb2312",
            "gbk",
            "gb18030",
        ),
        *("big5", "euc-jp", "euc-kr", "shift_jis", "iso-2022-jp", "iso-2022-kr"),
        *(f"iso8859-{number}" for number in range(1, 17) if number != 12),  # noqa: PLR2004 - there is no 12
        *(f"cp{number}" for number in (437, 850, 858, *range(1250, 1259))),
    )
)


def codec(name: str) -> str | None:
    """Return Python's codec for a charset of mail, None when we don't read it.

    Python's other codecs are left out: some, such as UTF-7, let one text look like another.
    """
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found in _KNOWN else None
