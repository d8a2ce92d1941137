"""Commands that are imported when they run: a member needs no package of the others."""

import gc
from contextlib import nullcontext
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from daybook.cli.support.extras import extra


class CommandSource(NamedTuple):
    """Where a command is: the module that has it under its name, and what it needs.

    `help` is the first sentence of its own help, for the list of commands. `extra` is the extra
    that importing the module needs.
    """

    module: str
    help: str
    extra: str | None = None


class LazyCommand(TyperCommand):
    """Stands for a command, or a group of them, until it is called."""

    def __init__(self, name: str, source: CommandSource) -> None:
        super().__init__(name, help=source.help, rich_markup_mode="markdown")
        self._source = source

    def load(self) -> Any:
        """The command itself. Raises MissingExtra."""
        name = str(self.name)
        # Imports create hundreds of thousands of objects that stay. Collecting garbage meanwhile
        # would take a sixth of the time.
        gc.disable()
        try:
            with extra(self._source.extra) if self._source.extra else nullcontext():
                found = getattr(import_module(self._source.module), name)
        finally:
            gc.enable()
        holder = typer.Typer(rich_markup_mode="markdown", add_completion=False)
        holder.callback()(lambda: None)
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=name)
        else:
            holder.command(name)(found)
        group = typer.main.get_command(holder)
        assert isinstance(group, TyperGroup)
        return group.commands[name]

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """The context of the command itself, which is what runs."""
        return self.load().make_context(*arguments, **options)
