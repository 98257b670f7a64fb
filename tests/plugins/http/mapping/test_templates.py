"""Templates give what their expressions say, and nothing that somebody slips into them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_http.mapping import limits, templates
from hub_http.mapping.faults import KINDS, words_of
from hub_http.mapping.templates import TemplateError
from tests.plugins.http.mapping.world import scope_of

SECRET: Final = "Dupont, née Aubépine"
SCOPE: Final[dict[str, Any]] = {
    "name": SECRET,
    "none_": None,
    "number": 42,
    "yes": True,
    "list": [1, 2, 3],
    "table": {"items": "own", "a b": {"c": "d"}, "zero": 0},
    "moment": datetime(2026, 3, 3, 14, 1, 2, 345678, tzinfo=UTC),
    "headers": {"mex-from": "X"},
    "long": "a" * 1000,
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ATTACKS: Final = [
    "{{ ''.__class__ }}",
    "{{ name.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ list.__init__.__globals__ }}",
    "{{ sender.party.address }}",
    "{{ attachments[0].content }}",
    "{{ attachments[0].held }}",
    "{{ message.message }}",
    "{{ message.__dict__ }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ 'x'.format_map({}) }}",
    "{{ 'a' * 1000000000 }}",
    "{{ [1] * 1000000000 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 9223372036854775807 * 9223372036854775807 * 2 }}",
    "{{ 'a'.ljust(1000000000) }}",
    "{{ 'a'.zfill(1000000000) }}",
    "{{ 'a'.center(1000000000) }}",
    "{{ 'a\tb'.expandtabs(1000000000) }}",
    "{{ long.join(long) }}",
    "{{ long | replace('a', long) | replace('a', long) }}",
    "{{ long.replace('a', long) }}",
    "{{ 1 | pad(1000000000) }}",
    "{{ 'a'.encode() }}",
    "{{ table.update({'a': 1}) }}",
    "{{ list.append(1) }}",
    "{{ range(1000000000) | length }}",
    "{{ lipsum() }}",
    "{{ cycler('a') }}",
    "{{ namespace(a=1) }}",
    "{{ joiner() }}",
    "{{ dict(a=1) }}",
    "{{ self }}",
    "{{ _result }}",
    "{{ _passes }}",
    "{{ name | attr('__class__') }}",
    "{{ name | map('__class__') }}",
    "{{ [name] | map('__class__') | first }}",
    "{{ list | random }}",
    "{{ name | format(1) }}",
    "{{ name | safe }}",
    "{{ '1' | int(99) }}",
    "{{ 'a' | uuid(1) }}",
    "{{ moment | date('%1000000000Y') }}",
    "{{ moment | date('%c') }}",
    "{{ moment.strftime('%Y') }}",
    "{{ name.split(*list) }}",
    "{{ name.split(**table) }}",
    "{% for a in list %}{{ a }}{% endfor %}",
    "{% set a = 1 %}",
    "{% include 'x' %}",
    "{% import 'os' as os %}",
    "{% macro a() %}{% endmacro %}",
    "{% raw %}{{ }}{% endraw %}",
    "{# a remark #}",
    "{{ name",
    "{{ }}",
    "{{ 1 if }}",
    "{{ " + "9" * 5000 + " }}",
    "{{ " + "(" * 300 + "1" + ")" * 300 + " }}",
    "{{ " + " + ".join(["1"] * 5000) + " }}",
    "{{ " + "not " * 5000 + "1 }}",
    "{{ list" + "[0]" * 3000 + " }}",
    "{{ name" + " | lower" * 3000 + " }}",
]


@pytest.mark.parametrize("source", ATTACKS)
def test_what_is_not_offered_is_refused_at_once(source: str) -> None:
    """Nothing is reached, hangs or grows; the words tell nobody's name."""
    scope = {**scope_of(), **SCOPE}
    with pytest.raises(TemplateError) as caught:
        templates.text(source, scope)
    error = caught.value
    assert error.code == "http.template"
    for said in (error.words.en, error.words.fr, str(error)):
        assert SECRET not in said
        assert "Dupont" not in said
    assert len(error.words.en) < 1000


@pytest.mark.parametrize("source", ATTACKS)
def test_a_raw_text_of_an_attack_is_never_code(source: str) -> None:
    """What comes in a message stays a text, whatever it looks like."""
    assert templates.text("{{ it }}", {"it": source}) == source


@given(TEXTS)
def test_a_text_without_expressions_is_itself(text: str) -> None:
    """Line ends, quotes and spaces stay as they are."""
    source = text.replace("{", "(")
    assert templates.text(source, {}) == source
    assert templates.value(source, {}) == source
    assert templates.fault(source) is None


@given(TEXTS, TEXTS, TEXTS)
def test_values_stand_where_their_expressions_stood(before: str, value: str, after: str) -> None:
    """Nothing is added, trimmed or turned."""
    before, after = before.replace("{", "("), after.replace("{", "(").replace("}", ")")
    source = f"{before}{{{{ it }}}}{after}{{{{it}}}}"
    assert templates.text(source, {"it": value}) == f"{before}{value}{after}{value}"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{{ number }}", 42),
        ("{{ list }}", [1, 2, 3]),
        ("{{ yes }}", True),
        ("{{ none_ }}", None),
        ("{{ 'x' if table.zero }}", None),
        ("{{ list[1:] }}", [2, 3]),
        ("{{ table.items }}", "own"),
        ("{{ table['a b'].c }}", "d"),
        ("{{ table.get('nope', 7) }}", 7),
        ("{{ number + 1.5 }}", 43.5),
        ("{{ 7 // 2 % 2 }}", 1),
        ("{{ list + [4] }}", [1, 2, 3, 4]),
        ("{{ missing is defined }}", False),
        ("{{ table.nope is undefined }}", True),
        ("{{ 2 in list and not none_ }}", True),
        (" {{ number }}", " 42"),
        ("{{ number }}{{ yes }}", "42true"),
        ("a\r\nb{{ '\\r\\n' }}c\r\n", "a\r\nb\r\nc\r\n"),
        ("{{ 'a\r\nb' }}", "a\r\nb"),
        ("{{ '}}' }}{{ '{%' }}", "}}{%"),
        ("{{ moment }}|", "2026-03-03T14:01:02.345Z|"),
        ("{{ headers['mex-from'] | lower }}@x", "x@x"),
        ("{{ number ~ yes ~ moment.year }}", "42true2026"),
    ],
)
def test_an_expression_alone_keeps_its_kind(source: str, value: Any) -> None:
    """A number stays a number; among other text it is written as JSON would."""
    found = templates.value(source, SCOPE)
    assert found == value
    assert type(found) is type(value)


def test_none_as_a_whole_is_none_and_within_a_text_an_error() -> None:
    """An optional header is left out; half a header is never sent."""
    assert templates.text("{{ none_ }}", SCOPE) is None
    with pytest.raises(TemplateError):
        templates.text("x-{{ none_ }}", SCOPE)


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("{{ nobody }}", "nobody"),
        ("{{ table.nope }}", "nope"),
        ("{{ table['nope'] }}", "nope"),
        ("{{ table[name] }}", "…"),
        ("{{ table.nope.deeper }}", "nope"),
        ("{{ nobody | lower }}", "nobody"),
        ("{{ nobody + 1 }}", "nobody"),
        ("{{ list[9] }}", "…"),
    ],
)
def test_a_missing_name_is_named_as_the_template_wrote_it(source: str, missing: str) -> None:
    """Who wrote the description sees which name is wrong; a name that came from data is not told."""
    with pytest.raises(TemplateError) as caught:
        templates.text(source, SCOPE)
    assert caught.value.missing == missing
    assert missing in caught.value.words.en
    assert missing in caught.value.words.fr
    assert SECRET not in str(caught.value)


@given(TEXTS.filter(bool))
def test_a_value_never_leaves_its_segment_of_a_path(value: str) -> None:
    """No slash, dot or question mark of a value leads to another resource."""
    try:
        path = templates.path("/mailbox/{{ it }}/messages?a=1", {"it": value})
    except TemplateError:
        assert value in {".", ".."}
        return
    parts = urlsplit(f"https://x.example{path}")
    before, segment, after = parts.path.removeprefix("/").split("/")
    assert (before, after, parts.query) == ("mailbox", "messages", "a=1")
    assert unquote(segment, errors="strict") == value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("/a/{{ it }}", ""),
        ("/a/{{ it }}", None),
        ("/a/{{ it }}/b", ".."),
        ("/a/.{{ it }}/b", "."),
        ("/a/{{ it }}", ["x"]),
        ("/a/{{ it }}", "\ud800"),
    ],
)
def test_a_path_that_would_climb_or_lack_a_segment_is_refused(source: str, value: Any) -> None:
    """Nothing is sent to a place that nobody described."""
    with pytest.raises(TemplateError):
        templates.path(source, {"it": value})


def test_a_path_keeps_what_the_description_wrote() -> None:
    """Its own dots, slashes and encodings are its business."""
    assert templates.path("/a/../b/$x/{{ it }}.json", {"it": "a b"}) == "/a/../b/$x/a%20b.json"


@pytest.mark.parametrize(
    ("source", "roots"),
    [
        ("no expressions", set()),
        ("{{ a }} {{ a.b.c }}", {"a", "a.b.c"}),
        ("{{ a['b c'].d }}", {"a.b c.d"}),
        ("{{ a[b.c].d }}", {"a", "b.c"}),
        ("{{ a.b.split('@')[0] | default(c.d) }}", {"a.b", "c.d"}),
        ("{{ x if y.z else [p, {'q': r}] }}", {"x", "y.z", "p", "r"}),
        ("{{ list[0].name }}", {"list"}),
    ],
)
def test_what_a_template_asks_for_is_known_beforehand(source: str, roots: set[str]) -> None:
    """A description that uses what it does not declare is found before a message is."""
    assert templates.roots(source) == roots


def test_what_loops_make_is_not_asked_for() -> None:
    """In XML a loop's own variable and `loop` are known."""
    source = "{% for one in docs if one.x %}{{ one.name }}{{ loop.index }}{{ other }}{% else %}-{% endfor %}"
    assert templates.roots(source, statements=True) == {"docs", "other"}


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("x" * (limits.MAX_SOURCE + 1), "too_long"),
        ("{{ " + "-" * 100 + "1 }}", "too_deep"),
        ("{{ a b }}", "syntax"),
        ("{% if a %}{% endif %}", "statement"),
        ("{# a #}", "statement"),
        ("{{ 2 ** 3 }}", "statement"),
        ("{{ a | nope }}", "function"),
        ("{{ nope() }}", "function"),
        ("{{ a.b(*c) }}", "arguments"),
        ("{{ a is nope }}", "test"),
        ("{{ _a }}", "name"),
    ],
)
def test_each_kind_of_fault_is_told_in_both_languages(source: str, kind: str) -> None:
    """`hub operator check` can say what is wrong before anything is sent."""
    fault = templates.fault(source)
    assert fault is not None
    assert fault.kind == kind
    words = words_of(fault)
    assert words.en != words.fr
    assert "{" not in words.en.replace("{{", "").replace("{#", "").replace("{ ", "") or kind == "syntax"


def test_a_fault_tells_its_line() -> None:
    """In a template of several lines the right one is named."""
    fault = templates.fault("a\nb\n{{ c d }}")
    assert fault is not None
    assert fault.line == 3


def test_every_kind_of_fault_can_happen() -> None:
    """Words that nobody sees are not kept."""
    assert set(KINDS) == {
        *("too_long", "too_deep", "syntax", "statement", "function", "arguments", "test", "name")
    }


@given(st.recursive(st.none() | st.booleans() | st.integers(-9, 2**53) | TEXTS, st.lists, max_leaves=10))
def test_json_in_a_text_is_json(value: Any) -> None:
    """`| json` writes what any reader reads back."""
    assert json.loads(templates.text("{{ it | json }}x", {"it": value})[:-1]) == value  # type: ignore[index]


def test_output_is_bounded() -> None:
    """A text that grows beyond the limit is an error, not a body."""
    big = "a" * (limits.MAX_TEXT // 2 + 1)
    for source in ("{{ it }}{{ it }}", "{{ it ~ it }}", "{{ it + it }}", "{{ [it, it] | join }}"):
        with pytest.raises(TemplateError):
            templates.text(source, {"it": big})
