"""Expressions without jinja2: what they give is what jinja2 would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub_http.mapping import compiling, direct, templates
from hub_http.mapping.templates import TemplateError
from hub_http.mapping.views import Delivery

SCOPE = {
    "table": {"within": {"deep": 1}, "get": "a key", "none": None},
    "delivery": Delivery(id="d-1", attempt=2),
    "text": "abc",
    "list": [1, 2],
    "nothing": None,
}
SOURCES = (
    "{{ text }}",
    "{{ nothing }}",
    "{{ 'x' }}",
    "{{ table.within.deep }}",
    "{{ table['within'] }}",
    "{{ table.get }}",
    "{{ table.items }}",
    "{{ table.none }}",
    "{{ table.missing }}",
    "{{ delivery.id }} of {{ delivery.attempt }}",
    "{{ delivery.hidden }}",
    "{{ delivery }}",
    "{{ text.upper }}",
    "{{ text.upper() }}",
    "{{ text | upper }}",
    "{{ text | upper(*list) }}",
    "{{ list | first }}",
    "{{ list | length | string }}",
    "{{ nothing | default }}",
    "{{ table | json }}",
    "{{ text if list else nothing }}",
    "{{ text if nothing else list }}",
    "{{ text if nothing }}",
    "{{ missing }}",
    "{{ missing.name }}",
    "{{ missing | upper }}",
    "{{ missing | default }}",
    "{{ text if missing else nothing }}",
    "{{ text if list else missing }}",
)


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Return a function that gives the value of a template by jinja2 alone."""

    def given(source: str) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(direct, "reader", lambda *_: None)
            _forget()
            try:
                return told(source)
            finally:
                _forget()

    return given


def _forget() -> None:
    compiling.expressions.cache_clear()
    templates._writing.cache_clear()


def told(source: str) -> Any:
    """Return the value of a template, or what is said against it."""
    try:
        return templates.value(source, SCOPE)
    except TemplateError as error:
        return str(error), error.missing


@pytest.mark.parametrize("source", SOURCES)
def test_a_simple_expression_means_what_it_does_in_jinja2(source: str, slowly: Callable[[str], Any]) -> None:
    """Which way an expression is evaluated shows by nothing but its speed."""
    assert slowly(source) == told(source)
