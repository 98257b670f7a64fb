"""What keys mean together, and what is said in templates and paths, is checked before a message goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub_http.description import checking, places, reading
from hub_http.description.examining import Finding, examine
from hub_http.mapping import subjects, views
from hub_http.mapping.seen import attributes

SHIPPED = sorted((Path(__file__).parents[4] / "conf" / "operators").glob("*.toml"))
HEAD = 'version = 1\ntitle = "x"\n'
STEP = '[[send.steps]]\nname = "a"\nmethod = "POST"\npath = "/m"\n'
GOOD = HEAD + '[send]\nidempotency = "key"\n' + STEP + 'headers = { Key = "{{ delivery.id }}" }\n'
NONE = HEAD + '[send]\nidempotency = "none"\n' + STEP
INBOX = (
    '[inbox]\nevery = "1m"\nleast = "1s"\nlisting = { path = "/l" }\nitems = { json = "$[*]", many = true }\n'
    'id = { json = "$" }\nacknowledge = { path = "/{{ item.id }}", method = "DELETE" }\n'
    'kinds = [{ is = "ignored" }]\n'
)
RECOVER = '[recover]\nabsent_after = "1m"\nrequest = { path = "/{{ delivery.id }}" }\n'
ARRIVED = 'findings = [{ is = "arrived" }]\n'
SECRET = '[secrets]\ns = { meaning = "x" }\n'
HOOK = '[webhooks.w]\nid = { json = "$.id" }\n'
KINDS = 'kinds = [{ is = "ignored" }]\n'


def found(folder: Path, text: str) -> list[Finding]:
    """Return all that is to be said of a text."""
    file = folder / "d.toml"
    file.write_text(text, "utf-8")
    return list(examine(file).findings)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_shipped_description_is_sound(file: Path) -> None:
    """Not even a warning."""
    assert examine(file).findings == ()


def test_a_small_one_is_sound(tmp_path: Path) -> None:
    """The texts that the other tests spoil are good by themselves."""
    for text in (
        HEAD,
        GOOD,
        NONE,
        HEAD + INBOX,
        HEAD + HOOK + 'verify = { bearer = "s" }\n' + KINDS + SECRET,
    ):
        assert found(tmp_path, text) == []


MISTAKES = [
    # templates
    (NONE + 'text = "{{ recipient.adress }}"\n', "send.steps.1.text", "did you mean address?"),
    (NONE + 'text = "{{ recipent.address }}"\n', "send.steps.1.text", "did you mean recipient?"),
    (NONE + 'text = "{{ 1 + }}"\n', "send.steps.1.text", "is no template that can be used"),
    (NONE + 'text = "{{ message.subject | shout }}"\n', "send.steps.1.text", "shout"),
    (NONE + 'text = "{% if x %}{% endif %}"\n', "send.steps.1.text", "is not offered here"),
    (NONE + 'text = "{{ item }}"\n', "send.steps.1.text", "uses item"),
    (NONE + 'text = "{{ chunk.number }}"\n', "send.steps.1.text", "uses chunk"),
    (
        NONE + 'text = "{{ parameters.mailbx }}"\n[parameters]\nmailbox = { meaning = "x" }\n',
        "send.steps.1.text",
        "did you mean mailbox?",
    ),
    (
        NONE + 'text = "{{ secrets.s }}"\n' + SECRET,
        "send.steps.1.text",
        "uses secrets",
    ),
    (NONE + 'json = { a = [{ b = "{{ nobody }}" }] }\n', "send.steps.1.json.a.1.b", "uses nobody"),
    (
        NONE + 'json = { "$each" = "{{ documents }}", "$as" = "one", "$item" = "{{ two.id }}" }\n',
        'send.steps.1.json."$item"',
        "uses two",
    ),
    (NONE + "json = { at = 2026-01-02 }\n", "send.steps.1.json.at", "put it in quotes"),
    (NONE + 'text = "{{ taken.x }}"\ntake = { x = { json = "$" } }\n', "send.steps.1.text", "uses taken.x"),
    (NONE + "text = \"{{ message.kind | code('kinds') }}\"\n", "send.steps.1.text", "not declared"),
    (HEAD + 'base_url = "https://{{ recipient.domain }}/"\n', "base_url", "uses recipient"),
    (HEAD + '[probe]\npath = "/{{ remote }}"\n', "probe.path", "uses remote"),
    (
        NONE + 'each = "{{ attachments }}"\ntext = "{{ item.checksum }}"\n',
        "send.steps.1.text",
        "item has: code, id, media_type",
    ),
    (
        NONE + 'multipart = [{ name = "f", each = "{{ recipients }}", text = "{{ item.adress }}" }]\n',
        "send.steps.1.multipart.1.text",
        "did you mean address?",
    ),
    (
        NONE + 'json = { "$each" = "{{ documents }}", "$as" = "one", "$item" = "{{ one.titel }}" }\n',
        'send.steps.1.json."$item"',
        "one has: code, id",
    ),
    # paths
    (NONE + 'remote = { json = "$.[" }\n', "send.steps.1.remote.json", "is no path"),
    (NONE + 'remote = { xpath = "//a[" }\n', "send.steps.1.remote.xpath", "is no path"),
    (NONE + 'remote = { fhirpath = "a.where(" }\n', "send.steps.1.remote.fhirpath", "is no path"),
    (NONE + 'remote = { json = "$.a", header = "B" }\n', "send.steps.1.remote", "it takes one of them"),
    (NONE + "remote = {}\n", "send.steps.1.remote", "names no place"),
    (
        NONE + 'remote = { json = "$.a", pattern = "(" }\n',
        "send.steps.1.remote.pattern",
        "regular expression",
    ),
    (
        NONE + 'remote = { json = "$.a", pattern = "(a)(b)" }\n',
        "send.steps.1.remote.pattern",
        "more than one group",
    ),
    (NONE + 'remote = { header = "A B" }\n', "send.steps.1.remote.header", "no name of a header"),
    (
        NONE + 'answers = [{ when = { json = "$.a", equals = 1, matches = "x" }, class = "ok" }]\n',
        "send.steps.1.answers.1.when",
        "one question",
    ),
    (NONE + 'remote = { json = "$.a", codes = "x" }\n', "send.steps.1.remote.codes", "not declared"),
    # requests
    (HEAD + "[probe]\n", "probe", "needs path, or url"),
    (HEAD + '[probe]\npath = "/"\nurl = "https://x"\n', "probe.url", "can't be beside path"),
    (NONE + 'text = "a"\nxml = "<a/>"\n', "send.steps.1", "several bodies: text, xml"),
    (NONE + 'multipart = [{ name = "a" }]\n', "send.steps.1.multipart.1", "has no content"),
    (NONE + 'needs = ["x"]\n', "send.steps.1.needs", "not in take"),
    (NONE + 'headers = { "Content-Length" = "5" }\n', "send.steps.1.headers.Content-Length", "leave it out"),
    (NONE + 'headers = { "a b" = "5" }\n', 'send.steps.1.headers."a b"', "no name of a header"),
    (NONE + 'hook = "nobody"\n', "send.steps.1.hook", "can't be used here"),
    (HEAD + '[probe]\npath = "https://x.example/ping"\n', "probe.path", "what comes after base_url"),
    (HEAD + '[probe]\nurl = "/ping"\n', "probe.url", "is named by path"),
    (
        HEAD
        + HOOK
        + 'verify = { hmac = { header = "S", key = "s", message = "{{ bdy }}" } }\n'
        + KINDS
        + SECRET,
        "webhooks.w.verify.hmac.message",
        "did you mean body?",
    ),
    # send
    (HEAD + '[send]\nidempotency = "key"\n' + STEP, "send.idempotency", "no step sends {{ delivery.id }}"),
    (HEAD + '[send]\nidempotency = "recover"\n' + STEP, "send.idempotency", "no [recover]"),
    (NONE + 'effect = "draft"\n', "send.steps.1.effect", "one must make the message"),
    (NONE + STEP, "send.steps.2.name", "another step's name"),
    (
        NONE + STEP.replace('"a"', '"b"') + 'effect = "draft"\n',
        "send.steps.2.effect",
        "after a step that has made the message",
    ),
    (
        NONE
        + '[send.per_recipient]\neach = { json = "$[*]", many = true }\n'
        + 'recipient = { json = "$" }\nanswers = []\n',
        "send.per_recipient",
        "recipients = many",
    ),
    (HEAD + '[classes.refused]\nmeans = "delivered"\n', "classes.refused.means", "is fixed"),
    (
        GOOD.replace('"key"', '"recover"')
        + '[recover]\nabsent_after = "1m"\nrequest = { path = "/x" }\nfindings = [{ is = "arrived" }]\n',
        "recover.request",
        "asks neither",
    ),
    (
        GOOD.replace('"key"', '"recover"') + RECOVER.replace("delivery.id", "remote") + ARRIVED,
        "recover.request",
        "is not known when",
    ),
    (
        NONE.replace('"none"', '"recover"') + RECOVER + ARRIVED,
        "recover.request",
        "which no step sends",
    ),
    (
        GOOD.replace('"key"', '"recover"') + RECOVER + ARRIVED.replace("arrived", "absent"),
        "recover.findings",
        "says arrived",
    ),
    # coming in
    (HEAD + INBOX.replace('"1m"', '"1ms"'), "inbox.every", "less than `least`"),
    (HEAD + INBOX + 'longest = "30s"\n', "inbox.longest", "less than `every`"),
    (HEAD + INBOX.replace(", many = true", ""), "inbox.items", "many = true"),
    (
        HEAD + INBOX + 'paging = { by = "token", parameter = "p" }\n',
        "inbox.paging.next",
        "is missing for token",
    ),
    (HEAD + INBOX + 'paging = { by = "offset" }\n', "inbox.paging.parameter", "is missing for offset"),
    (HEAD + INBOX.replace('"ignored"', '"message"'), "inbox.kinds.1.message", "how it is read"),
    (
        HEAD + INBOX.replace('is = "ignored"', 'is = "report", events = [{ event = "delivered" }]'),
        "inbox.kinds.1.about",
        "which delivery",
    ),
    (
        HEAD
        + INBOX.replace('is = "ignored"', 'is = "report", about = {}, events = [{ event = "delivered" }]'),
        "inbox.kinds.1.about",
        "delivery or remote",
    ),
    (
        HEAD
        + INBOX.replace(
            'is = "ignored"',
            'is = "message", message = { id = { json = "$" }, sender = { json = "$" }, '
            'recipients = { json = "$" }, documents = [{}] }',
        ),
        "inbox.kinds.1.message.documents.1",
        "data, fetch, payload",
    ),
    (
        NONE + '[track]\nevery = "1m"\nuntil = "1d"\nrequest = { path = "/" }\nevents = []\n',
        "track.request",
        "asks neither",
    ),
    (
        NONE + '[track]\nevery = "1d"\nuntil = "1m"\nrequest = { path = "/{{ remote }}" }\nevents = []\n',
        "track.until",
        "not more than",
    ),
    (HEAD + HOOK + "verify = {}\n" + KINDS, "webhooks.w.verify", "proves nothing"),
    (
        HEAD + HOOK + 'verify = { client_certificate = true, tolerance = "1m" }\n' + KINDS,
        "webhooks.w.verify.tolerance",
        "needs timestamp",
    ),
    (HEAD + HOOK + 'verify = { bearer = "s" }\n' + KINDS, "webhooks.w.verify.bearer", "not declared"),
    (
        HEAD
        + '[simulate]\nroutes = [{ name = "x", path = "/" }]\n'
        + '[[simulate.calls]]\nwebhook = "w"\nafter = "x"\njson = {}\n',
        "simulate.calls.1.webhook",
        "names none of",
    ),
    # servers
    (HEAD + 'base_url = "http://x.example"\n', "base_url", "use https"),
    (HEAD + 'base_url = "https://u:p@x.example"\n', "base_url", "is no base"),
    (HEAD + 'hosts = ["https://x.example/"]\n', "hosts.1", "is no host"),
    (
        HEAD + '[[auth]]\nkind = "api_key"\nsecret = "s"\n' + SECRET,
        "auth.1",
        "header, query",
    ),
    (
        HEAD + '[[auth]]\nkind = "oauth2"\ntoken_url = "https://x.example"\nclient_id = "a"\n',
        "auth.1.client_secret",
        "is missing for basic",
    ),
    (
        HEAD + '[[auth]]\nkind = "hmac"\nkey = "s"\nmessage = "x"\nheaders = { A = "b" }\n' + SECRET,
        "auth.1.headers",
        "signature",
    ),
]
WARNINGS = [
    (NONE + '[parameters]\np = { meaning = "x" }\n', "parameters.p", "nothing uses it"),
    (NONE + '[secrets]\np = { meaning = "x" }\n', "secrets.p", "nothing uses it"),
    (NONE + "[codes.p]\n", "codes.p", "nothing uses it"),
    (
        NONE + 'answers = [{ status = "2xx", class = "ok" }, { status = 204, class = "gone" }]\n',
        "send.steps.1.answers.2",
        "never reached",
    ),
    (
        NONE + 'answers = [{ status = "4xx", class = "ok" }, { status = "500-599", class = "ok" }, '
        '{ status = "400-504", class = "gone" }]\n',
        "send.steps.1.answers.3",
        "never reached",
    ),
    (
        NONE + 'take = { x = { json = "$" } }\n' + STEP.replace('"a"', '"b"') + 'text = "{{ taken.x }}"\n',
        "send.steps.1.take.x",
        "not in `needs`",
    ),
    (
        NONE.replace('"none"\n', '"none"\nrecipients = "many"\n'),
        "send.recipients",
        "one answer counts for all",
    ),
    (NONE + "gzip = true\n", "send.steps.1.gzip", "of no use without a body"),
    (
        GOOD + RECOVER + ARRIVED,
        "recover",
        "is not used",
    ),
    (HEAD + "[classes.transient]\nfailover = true\n", "classes.transient.failover", "no failover_urls"),
    (HEAD + "[webhooks.w]\nverify = { client_certificate = true }\n" + KINDS, "webhooks.w", "can't be told"),
    (
        HEAD
        + HOOK
        + 'verify = { timestamp = { header = "T" }, tolerance = "1m", hmac = { header = "S", key = "s" } }\n'
        + KINDS
        + SECRET,
        "webhooks.w.verify.timestamp",
        "does not cover",
    ),
]


@pytest.mark.parametrize(("text", "key", "english"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, key: str, english: str) -> None:
    """Who writes a description reads where it is wrong, in both languages, and what would be right."""
    wrong = [one for one in found(tmp_path, text) if not one.warning]
    assert [one.key for one in wrong] == [key], [one.words.en for one in wrong]
    assert english in wrong[0].words.en
    assert wrong[0].words.fr != wrong[0].words.en
    assert wrong[0].line is not None
    if not key.startswith("simulate."):  # a hub leaves the double alone
        file = tmp_path / "d.toml"
        with pytest.raises(ConfigError):
            checking.sound(file, reading.read(file))


@pytest.mark.parametrize(("text", "key", "english"), WARNINGS, ids=range(len(WARNINGS)))
def test_what_looks_odd_is_pointed_out(tmp_path: Path, text: str, key: str, english: str) -> None:
    """It can be used as it is."""
    (odd,) = found(tmp_path, text)
    assert (odd.key, odd.warning) == (key, True)
    assert english in odd.words.en
    file = tmp_path / "d.toml"
    checking.sound(file, reading.read(file))


def test_a_description_is_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first message waits some milliseconds for it, no other does."""
    file = tmp_path / "d.toml"
    file.write_text(GOOD)
    description = reading.read(file)
    checking.sound(file, description)
    monkeypatch.setattr(checking, "check", None)
    checking.sound(file, description)


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("message", views.Message),
        ("envelope", views.Envelope),
        ("sender", views.Somebody),
        ("recipient", views.Somebody),
        ("delivery", views.Delivery),
        ("body", views.Document),
    ],
)
def test_the_table_of_variables_is_what_templates_see(name: str, view: type) -> None:
    """Neither does the check refuse what would work, nor does the reference promise what would not."""
    assert places.VARIABLES[name].members == attributes(view)


def test_what_a_send_sees_is_what_the_table_says() -> None:
    """All names that a parcel gives, and no others but those that the steps add."""
    added = {"taken", "remote"}
    assert places.seen_at(("send", "receipt")) == {*subjects.NAMES, *added} - {"codes"}
