"""What came, as picks look at it: an answer, a webhook's call, or one value out of either."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.message import Message
from functools import cached_property
from typing import Any

from lxml import etree

from hub_http.mapping import strict

_UNREAD: Any = object()


class Answered:
    """Status, headers (their names in lower case) and body. The body is read when somebody asks.

    `status` is 0 for what is no answer.
    """

    def __init__(
        self, *, status: int = 0, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> None:
        """Hold what came, whole."""
        self.status = status
        self.headers: Mapping[str, str] = {} if headers is None else headers
        self._body = body
        self._value: Any = _UNREAD

    @classmethod
    def of(cls, value: Any, *, within: Answered | None = None) -> Answered:
        """Wrap a JSON value, such as a member of a list; `within` lends it its status and headers."""
        if within is None:
            one = cls(headers={"content-type": "application/json"})
        else:
            one = cls(status=within.status, headers=within.headers)
        one._value = value
        return one

    @property
    def body(self) -> bytes:
        """The bytes; those of a wrapped value are its JSON."""
        if self._body is None:
            return written_out(self._value)
        return self._body

    @property
    def json(self) -> Any:
        """The body read as JSON. Raises MalformedError (`http.answer_malformed`)."""
        if self._value is _UNREAD:
            self._value = strict.json_of(self.body)
        return self._value

    @cached_property
    def xml(self) -> etree._Element:
        """The root of the body read as XML. Raises MalformedError."""
        return strict.xml_of(self.body)

    @cached_property
    def text(self) -> str:
        """The body as text, in the charset that its media type names, else UTF-8. Raises MalformedError."""
        if self._body is None and isinstance(self._value, str):
            return self._value
        return strict.text_of(self.body, _charset(self.headers.get("content-type", "")))


def written_out(value: Any) -> bytes:
    """Return a value as JSON; a half of a character that stands in it stays the escape that it was."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _charset(media_type: str) -> str:
    if "charset" not in media_type.lower():
        return "utf-8"
    message = Message()
    message["Content-Type"] = media_type
    return message.get_content_charset("utf-8")
