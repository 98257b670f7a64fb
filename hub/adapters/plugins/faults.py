"""Why a plugin can't be used, in words: the one place where its failures become ConfigErrors."""

from __future__ import annotations

from importlib.metadata import EntryPoint

from hub.errors import ConfigError, HubError, Words

_LONGEST = 200


def import_failed(entry: EntryPoint, error: BaseException) -> ConfigError:
    """Say that the plugin's module can't be imported, and which package would help."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if not missing or missing.split(".")[0] == entry.module.split(".")[0]:
        said = told(error)
        return _error(
            "import",
            f"{entry.value} can't be imported: {said}.",
            f"{entry.value} ne s'importe pas : {said}.",
        )
    extras = entry.dist.metadata.get_all("Provides-Extra", []) if entry.dist else []
    name = entry.dist.name if entry.dist and entry.name in extras else None
    return _error(
        "package_missing",
        f"it needs the Python package {missing}, which is not installed"
        + (f"; install {name}[{entry.name}]." if name else "."),
        f"il lui faut le paquet Python {missing}, qui n'est pas installé"
        + (f" ; installez {name}[{entry.name}]." if name else "."),
    )


def hook_unknown(name: str, nearest: str) -> ConfigError:
    """Say that there is no such hook, and which one was probably meant."""
    return _error(
        "hook_unknown",
        f"there is no hook {name}; did it mean {nearest}?",
        f"le point d'accroche {name} n'existe pas ; serait-ce {nearest} ?",
    )


def hook_unmarked(name: str) -> ConfigError:
    """Say that a hook would never be called."""
    return _error(
        "hook_unmarked",
        f"{name} lacks @hookimpl and would never be called.",
        f"{name} n'a pas @hookimpl et ne serait jamais appelé.",
    )


def hook_invalid(said: str) -> ConfigError:
    """Say that a hook does not fit its specification, in pluggy's words."""
    line = _one_line(said)
    return _error(
        "hook_invalid", f"a hook does not fit: {line}.", f"un point d'accroche ne convient pas : {line}."
    )


def hook_async(name: str) -> ConfigError:
    """Say that a hook is asynchronous: it would give a coroutine that nobody awaits."""
    return _error(
        "hook_async",
        f"{name} is asynchronous; hooks are plain functions that register openers.",
        f"{name} est asynchrone ; un point d'accroche est une fonction ordinaire.",
    )


def hook_raised(name: str, error: BaseException) -> ConfigError:
    """Say that a hook raised; a ConfigError of the registry's keeps its own code and words."""
    if isinstance(error, ConfigError):
        return error
    said = told(error)
    return _error("hook_raised", f"{name} raised {said}.", f"{name} a levé {said}.")


def name_taken(distribution: str) -> ConfigError:
    """Say that another distribution has a plugin of this name."""
    return _error(
        "name_taken",
        f"a plugin of this name already comes from {distribution}.",
        f"une extension de ce nom vient déjà de {distribution}.",
    )


def kind_taken(what: str, kind: str, plugin: str) -> ConfigError:
    """Say that another plugin already offers this kind."""
    return _error(
        "kind_taken",
        f"{what} {kind!r} is already offered by the plugin {plugin!r}.",
        f"{what} {kind!r} est déjà proposé par l'extension {plugin!r}.",
    )


def offer_invalid(what: str, kind: str, en: str, fr: str) -> ConfigError:
    """Say that something offered could never work."""
    return _error("offer_invalid", f"{what} {kind!r}: {en}.", f"{what} {kind!r} : {fr}.")


def told(error: BaseException) -> str:
    """Return an error's type and first words on one line. At start there is no message to leak from."""
    if isinstance(error, HubError):
        return _one_line(error.words.en)
    return _one_line(f"{type(error).__name__}: {error}")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST].rstrip(".")


def _error(code: str, en: str, fr: str) -> ConfigError:
    return ConfigError(f"plugin.{code}", Words(en=en, fr=fr))
