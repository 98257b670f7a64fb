"""Plugins found through real entry points: the broken are named, the rest stand."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.adapters.plugins.manager import Broken, Plugins, discover
from hub.errors import ConfigError
from hub.plugin.registry import PartType

Install = Callable[..., str]
_NUMBERS = itertools.count()
GOOD = """
    from contextlib import asynccontextmanager
    from hub.plugin import hookimpl

    @asynccontextmanager
    async def open_loft(settings, host):
        yield object()

    @hookimpl
    def hub_register_connectors(registry):
        registry.add_connector("{kind}", lambda table: table, open_loft)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a module as a distribution with one plugin."""
    monkeypatch.syspath_prepend(tmp_path)

    def add(name: str, source: str, *, distribution: str = "", extra: str = "") -> str:
        module = f"planted_{next(_NUMBERS)}"
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        distribution = distribution or module.replace("_", "-")
        info = tmp_path / f"{distribution.replace('-', '_')}-3.2.1.dist-info"
        info.mkdir()
        provides = f"Provides-Extra: {extra}\n" if extra else ""
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 3.2.1\n{provides}", encoding="utf-8"
        )
        (info / "entry_points.txt").write_text(f"[hub]\n{name} = {module}\n", encoding="utf-8")
        return module

    return add


def _broken(plugins: Plugins, name: str) -> Broken:
    return next(one for one in plugins.broken if one.name == name)


def test_a_good_plugin_is_listed_with_version_and_offers(install: Install) -> None:
    """What stands shows its name, version, distribution and module, and can be looked up."""
    module = install("pigeon", GOOD.format(kind="pigeon"))
    plugins = discover()
    listed = next(one for one in plugins.loaded if one.name == "pigeon")
    assert (listed.version, listed.module, listed.distribution) == (
        "3.2.1",
        module,
        module.replace("_", "-"),
    )
    assert listed.offers == ("operators pigeon",)
    assert plugins.offer(PartType.OPERATOR, "pigeon").plugin == "pigeon"
    assert "pigeon" in plugins.kinds(PartType.OPERATOR)


@pytest.mark.parametrize(
    ("code", "part", "source"),
    [
        ("plugin.import", "RuntimeError: no wings", "raise RuntimeError('no wings')"),
        ("plugin.import", "SystemExit", "raise SystemExit(3)"),
        ("plugin.import", "SyntaxError", "def"),
        ("plugin.package_missing", "no_such_package", "import no_such_package.sub"),
        (
            "plugin.hook_unknown",
            "did it mean hub_register_connectors?",
            """
            from hub.plugin import hookimpl
            @hookimpl
            def hub_register_conectors(registry): ...
            """,
        ),
        (
            "plugin.hook_invalid",
            "registre",
            """
            from hub.plugin import hookimpl
            @hookimpl
            def hub_register_policies(registre): ...
            """,
        ),
        (
            "plugin.hook_async",
            "hub_register_observers",
            """
            from hub.plugin import hookimpl
            @hookimpl
            async def hub_register_observers(registry): ...
            """,
        ),
        (
            "plugin.hook_async",
            "hub_register_observers",
            """
            from hub.plugin import hookimpl
            async def later(registry): ...
            @hookimpl
            def hub_register_observers(registry): return later(registry)
            """,
        ),
        (
            "plugin.hook_unmarked",
            "lacks @hookimpl",
            "def hub_register_connectors(registry): ...",
        ),
        (
            "plugin.hook_raised",
            "KeyError",
            GOOD.format(kind="pigeon")
            + """
    @hookimpl
    def hub_register_directories(registry):
        {}["loft"]
""",
        ),
        (
            "plugin.twice",
            "twice",
            """
            from hub.plugin import hookimpl
            @hookimpl
            def hub_register_directories(registry):
                registry.add_directory("loft", dict, dict)
                registry.add_directory("loft", dict, dict)
            """,
        ),
        (
            "plugin.offer_invalid",
            "@asynccontextmanager",
            """
            from hub.plugin import hookimpl
            async def open_loft(settings, host): yield object()
            @hookimpl
            def hub_register_directories(registry): registry.add_directory("loft", dict, open_loft)
            """,
        ),
        (
            "plugin.offer_invalid",
            "can't be called",
            """
            from hub.plugin import hookimpl
            @hookimpl
            def hub_register_directories(registry): registry.add_directory("loft", None, dict)
            """,
        ),
        (
            "plugin.offer_invalid",
            "a letter first",
            """
            from hub.plugin import hookimpl
            @hookimpl
            def hub_register_directories(registry): registry.add_directory("Loft 1", dict, dict)
            """,
        ),
    ],
)
def test_a_broken_plugin_is_named_and_leaves_nothing(
    install: Install, code: str, part: str, source: str
) -> None:
    """Whatever a plugin does wrong, it is refused with its reason and the others stand."""
    install("alpha", source)
    install("zulu", GOOD.format(kind="zulu"))
    plugins = discover()
    broken = _broken(plugins, "alpha")
    assert (broken.code, part in broken.words.en) == (code, True), broken.words.en
    assert broken.words.fr != broken.words.en
    assert {offer.plugin for offer in plugins.offers.values()}.isdisjoint({"alpha"})
    assert plugins.offer(PartType.OPERATOR, "zulu").plugin == "zulu"


def test_a_missing_extra_is_named(install: Install) -> None:
    """When the package that lacks belongs to an extra, the words say what to install."""
    install("pigeon", "import no_such_package", distribution="loft-tools", extra="pigeon")
    assert "install loft-tools[pigeon]" in _broken(discover(), "pigeon").words.en


def test_a_kind_has_one_owner(install: Install) -> None:
    """Of two plugins with one kind the later name is refused, whole, and told whose it is."""
    install("beta", GOOD.format(kind="pigeon"))
    install("alpha", GOOD.format(kind="pigeon"))
    plugins = discover()
    assert plugins.offer(PartType.OPERATOR, "pigeon").plugin == "alpha"
    broken = _broken(plugins, "beta")
    assert broken.code == "plugin.kind_taken"
    assert "'alpha'" in broken.words.en


def test_a_name_has_one_owner(install: Install) -> None:
    """Two distributions can't both bring a plugin of one name; the first is named to the second."""
    install("pigeon", GOOD.format(kind="one"), distribution="aviary")
    install("pigeon", GOOD.format(kind="two"), distribution="loft")
    broken = _broken(discover(), "pigeon")
    assert (broken.code, broken.distribution) == ("plugin.name_taken", "loft")
    assert "aviary" in broken.words.en


def test_commands_have_one_owner_and_never_the_hubs(install: Install) -> None:
    """A plugin may add a command, but neither another's nor one of the hub's own."""
    source = """
        from hub.plugin import hookimpl
        @hookimpl
        def hub_register_commands(registry): registry.add_command("{name}", object())
        @hookimpl
        def hub_register_connectors(registry): raise AssertionError
    """
    install("alpha", source.format(name="loft"))
    install("beta", source.format(name="loft"))
    install("gamma", source.format(name="serve"))
    plugins = discover(reserved=frozenset({"serve"}), only_commands=True)
    assert "loft" in plugins.commands
    assert "serve" not in plugins.commands
    assert {one.name: one.code for one in plugins.broken if one.name in {"beta", "gamma"}} == {
        "beta": "plugin.kind_taken",
        "gamma": "plugin.kind_taken",
    }


def test_a_blocked_plugin_is_not_even_imported(install: Install) -> None:
    """Blocking is for plugins one does not trust: their code must not run."""
    install("pigeon", "raise AssertionError('imported')")
    plugins = discover(blocked=frozenset({"pigeon"}))
    assert plugins.blocked == ("pigeon",)
    assert "pigeon" not in {one.name for one in (*plugins.loaded, *plugins.broken)}


def test_an_unknown_kind_gets_the_known_ones(install: Install) -> None:
    """A slip in `kind = …` is answered with the kinds there are and the plugins that failed."""
    install("pigeon", GOOD.format(kind="pigeon"))
    install("ostrich", "raise RuntimeError")
    with pytest.raises(ConfigError) as refused:
        discover().offer(PartType.OPERATOR, "pidgeon")
    assert refused.value.code == "plugin.kind_unknown"
    assert "pigeon" in refused.value.words.en
    assert "ostrich" in refused.value.words.en
    assert "ostrich" in refused.value.words.fr


def test_the_bundled_plugins_come_by_their_entry_points() -> None:
    """SMTP and the directory are found as anybody's plugins are."""
    plugins = discover()
    found = {one.name for one in (*plugins.loaded, *plugins.broken)}
    assert {"smtp", "annuaire"} <= found
