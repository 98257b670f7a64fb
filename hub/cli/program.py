"""The commands put together, and what becomes of an error that none of them handled.

Plugins may add commands of their own: see `hub.cli.added`.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.main import get_command

from hub.cli import (
    check,
    directory,
    exit_codes,
    init,
    keys,
    language,
    plugins,
    prescription,
    queue,
    screen,
    send,
    serve,
    trace,
    usage,
    verify,
)
from hub.cli.added import Program
from hub.cli.given import OWN, Given
from hub.errors import HubError, Words

TRACEBACK: Final = "CADUCEE_TRACEBACK"
"""Set to anything, this variable shows tracebacks. They may quote what no log should hold."""


app = typer.Typer(
    name="hub",
    cls=Program,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
_COMMANDS: Final[Mapping[str, Any]] = {
    "init": init.run,
    "check": check.run,
    "serve": serve.run,
    "send": send.run,
    "prescription": prescription.app,
    "trace": trace.run,
    "verify": verify.run,
    "queue": queue.app,
    "directory": directory.app,
    "plugins": plugins.app,
    "keys": keys.app,
}
for _name in OWN:
    _command = _COMMANDS[_name]
    if isinstance(_command, typer.Typer):
        app.add_typer(_command, name=_name)
    else:
        app.command(_name)(_command)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 -- typer calls it so
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 -- for this option only

        screen.line(f"caducee-hub {version('caducee-hub')}")
        raise typer.Exit


@app.callback()
def hub(
    ctx: typer.Context,
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            help="The configuration; else CADUCEE_CONFIG, ./hub.toml, /etc/caducee/hub.toml.",
        ),
    ] = None,
    block: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Do not import the plugin of this name; may be repeated."),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Caducée: every secure health-messaging operator reaches every other one.

    Begin with `hub init`, then `hub check` and `hub serve`.
    """
    del version
    ctx.obj = Given(config=config, block=tuple(block or ()))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    command = get_command(app)
    language.translate(command, arguments)
    try:
        code = command.main(list(arguments), prog_name="hub", standalone_mode=False)
    except HubError as error:
        if os.environ.get(TRACEBACK):
            traceback.print_exception(error)
        screen.failed(error.words)
        return exit_codes.of(error)
    except typer.TyperException as error:
        return _misused(error)
    except (KeyboardInterrupt, typer.Abort):
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        # Who read our output has gone; Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.FINE
    except Exception as error:  # noqa: BLE001 - the last place that can say it in words
        return _unexpected(error)
    return code if isinstance(code, int) else exit_codes.FINE


def _misused(error: typer.TyperException) -> int:
    if type(error).__name__ != "NoArgsIsHelpError":
        screen.failed(usage.words_of(error))
    return exit_codes.USAGE


def _unexpected(error: Exception) -> int:
    """Name an error of ours by its type and place: its text may quote what must not be seen."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    elif isinstance(error, ExceptionGroup) and (told := _told(error)):
        for one in told:
            screen.failed(one.words)
    else:
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__}, {Path(place.filename).name}:{place.lineno}"
        screen.failed(
            Words(
                en=f"Something unexpected happened ({what}); with {TRACEBACK}=1 it shows where.",
                fr=f"Une erreur inattendue est survenue ({what}) ; avec {TRACEBACK}=1 elle dit où.",
            )
        )
    return exit_codes.of(error)


def _told(group: BaseExceptionGroup[BaseException]) -> list[HubError]:
    """Return the group's errors when all have words, else nothing."""
    found: list[HubError] = []
    for one in group.exceptions:
        inner = _told(one) if isinstance(one, BaseExceptionGroup) else [one]
        if not inner or not all(isinstance(error, HubError) for error in inner):
            return []
        found += [error for error in inner if isinstance(error, HubError)]
    return found
