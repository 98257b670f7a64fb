"""What the demonstration prints: one line an act, with colours on a terminal and without elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape

from hub.errors import Words


@dataclass(frozen=True, slots=True)
class Show:
    """Prints in one language."""

    console: Console
    language: str

    def say(self, words: Words) -> None:
        """Print a sentence."""
        self._print(escape(words.in_language(self.language)))

    def title(self, words: Words) -> None:
        """Begin a part."""
        self.console.print()
        self.console.rule(f"[bold]{escape(words.in_language(self.language))}", align="left")

    def done(self, words: Words) -> None:
        """Print a fact that was checked."""
        self._print(f"  [green]✓[/] {escape(words.in_language(self.language))}")

    @contextmanager
    def working(self, words: Words) -> Iterator[None]:
        """Show that something goes on: a spinner on a terminal, one line elsewhere."""
        text = escape(words.in_language(self.language))
        if self.console.is_terminal:
            with self.console.status(text):
                yield
        else:
            self._print(f"  … {text}")
            yield

    def _print(self, text: str) -> None:
        self.console.print(text, highlight=False, soft_wrap=not self.console.is_terminal)
