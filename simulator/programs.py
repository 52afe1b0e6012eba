"""`growthloop bench`: the measured programs of a checkout, listed and run by their names.

They measure and do not assert, need what only developers install, and are no part of the package.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from shared.errors import ConfigurationError

CHECKOUT = Path(__file__).resolve().parent.parent


class Programs(click.Group):
    """A command for each program in `bench/`; what follows its name goes to the program as it is."""

    def __init__(self, checkout: Path = CHECKOUT) -> None:
        super().__init__(name="bench", help="Run one of the measured programs of a checkout.")
        self._checkout = checkout

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own shape
        """The names of the programs. Raises `ConfigurationError` where there are none."""
        folder = self._checkout / "bench"
        if not folder.is_dir():
            raise ConfigurationError(
                "The measured programs are in the repository, not in the installed package: "
                "run growthloop bench from a checkout.",
                code="usage",
            )
        return sorted(_name(path) for path in folder.glob("*.py") if _is_program(path))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The program of that name, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        path = self._path(cmd_name)
        says = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        return click.Command(
            cmd_name,
            params=[click.Argument(["options"], nargs=-1, type=click.UNPROCESSED)],
            callback=lambda options: self._run(path.stem, options),
            short_help=says.partition("\n")[0],
            add_help_option=False,
            context_settings={"ignore_unknown_options": True},
        )

    def _path(self, name: str) -> Path:
        return self._checkout / "bench" / f"{name.replace('-', '_')}.py"

    def _run(self, module: str, options: Sequence[str]) -> None:
        """Run the program in a process of its own, where the caller stands; its exit code is ours."""
        paths = [str(self._checkout), *filter(None, [os.environ.get("PYTHONPATH")])]
        ended = subprocess.run(  # noqa: S603 - a module of this checkout, chosen from its own list
            [sys.executable, "-m", f"bench.{module}", *options],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            check=False,
        )
        click.get_current_context().exit(ended.returncode)


def _name(path: Path) -> str:
    return path.stem.replace("_", "-")


def _is_program(path: Path) -> bool:
    """Whether it is run by itself; the rest are parts of the programs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body)
