"""`growthloop …`: the loop by hand. Exit 0 is done, 1 is failed, 2 is a usage mistake."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import entry_points

import click

from shared.errors import ConfigurationError, GrowthLoopError

AREAS = (
    "checking",
    "intake",
    "learning",
    "modelling",
    "people",
    "running",
    "switches",
    "upkeep",
)
"""The modules of `functions.commands`; one a line, so that two new ones do not meet."""
EXTENSIONS = "growthloop.commands"


@click.group()
@click.version_option(package_name="growthloop")
def cli() -> None:
    """An unattended outbound-sales loop for one small business."""


for _area in AREAS:
    for _command in import_module(f"functions.commands.{_area}").commands:
        cli.add_command(_command)


def main() -> None:
    """The console script: own errors become one line and exit 1, a wrong option or setting exit 2."""
    for extension in entry_points(group=EXTENSIONS):
        for command in extension.load():
            cli.add_command(command)
    try:
        # Without its standalone mode click gives an exit code back instead of exiting.
        sys.exit(cli(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(1)
    except GrowthLoopError as error:
        click.echo(f"growthloop: {error}", err=True)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)
