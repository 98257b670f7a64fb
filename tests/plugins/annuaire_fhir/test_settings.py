"""What `[directories.X]` may say when its kind is `fhir`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import hub_annuaire
from hub.errors import ConfigError
from hub.plugin import Registry, Table
from hub_annuaire.fhir.settings import Mode, Settings, parse

URL = "https://gateway.example/fhir/v2"


def _parse(folder: Path, **values: Any) -> Settings:
    return parse(Table(values, file=folder / "hub.toml", path="directories.national"))


def test_an_address_is_enough(tmp_path: Path) -> None:
    """The rest has defaults, which are those of `Settings` itself."""
    settings = _parse(tmp_path, url=URL)
    assert settings == Settings(url=settings.url)
    assert str(settings.url) == f"{URL}/"


def test_everything_can_be_said(tmp_path: Path) -> None:
    """Paths start at the configuration's folder."""
    (tmp_path / "pem").mkdir()
    settings = _parse(
        tmp_path,
        url=URL, mode="copy", key_file="key", key_header="X-Key", anchors=["a.pem"], certificates="pem",
        timeout="5s", retries=1, patience="1m", rate=3, max_response="1MiB", max_depth=20,
        keep="1m", keep_missing="5s", grace="1h", remember=10,
        page=50, refresh="2h", overlap="1h", renew="1d", max_age="3d", max_loss=5,
    )  # fmt: skip
    assert settings.mode is Mode.COPY
    assert settings.key_file == tmp_path / "key"
    assert settings.anchors == (tmp_path / "a.pem",)
    assert settings.certificates == tmp_path / "pem"
    assert settings.grace == timedelta(hours=1)


@pytest.mark.parametrize("url", ["http://localhost:8080/fhir", "http://127.0.0.1/", "http://[::1]:8080/x/"])
def test_plain_http_stays_on_this_machine(tmp_path: Path, url: str) -> None:
    """A relay of one's own may speak TLS for the hub."""
    assert str(_parse(tmp_path, url=url).url) == url.rstrip("/") + "/"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "url is missing"),
        ({"url": "http://gateway.example/fhir"}, "Plain http would show the key"),
        ({"url": "http://127.0.0.1.example/fhir"}, "Plain http would show the key"),
        ({"url": "ftp://gateway.example/"}, "A base URL is written https://host/path"),
        ({"url": "gateway.example/fhir"}, "A base URL is written https://host/path"),
        ({"url": "https://me:secret@gateway.example/"}, "neither password nor query"),
        ({"url": f"{URL}?key=1"}, "neither password nor query"),
        ({"url": "https://[x]/"}, "A base URL is written https://host/path"),
        ({"url": URL, "mode": "push"}, "mode is not one of ask, copy"),
        ({"url": URL, "key_header": "a: b"}, "key_header is not the name of an HTTP header"),
        ({"url": URL, "certificates": "none"}, "certificates is not a folder"),
        ({"url": URL, "refresh": "0s"}, "refresh must be more than nothing"),
        ({"url": URL, "timeout": "0s"}, "timeout must be more than nothing"),
        ({"url": URL, "rate": 0}, "rate is not a whole number from 1"),
        ({"url": URL, "verify": False}, "verify is not known here"),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, values: dict[str, Any], words: str) -> None:
    """There is no key that turns verification off."""
    with pytest.raises(ConfigError) as caught:
        _parse(tmp_path, **values)
    assert words in caught.value.words.en
    assert "secret" not in str(caught.value)


def test_the_plugin_offers_the_kind() -> None:
    """Under the name that the configuration uses."""
    registry = Registry("annuaire")
    hub_annuaire.hub_register_directories(registry)
    assert ("directories", "fhir") in [(offer.type.value, offer.kind) for offer in registry.offers]
