"""Keep the database and the rules in order."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import click

from shared.config import Settings
from shared.errors import ConfigurationError


def push_line(supabase_url: str) -> str:
    """The Supabase CLI's command for the same migrations; it keeps the same record of them as we do.

    The password is not in the settings, so it stays a word to replace. The project's name is in its URL.
    """
    project, _, domain = (urlsplit(supabase_url).hostname or "").partition(".")
    host = f"db.{project}.{domain}" if domain == "supabase.co" else "HOST"
    return f"supabase db push --db-url 'postgresql://postgres:PASSWORD@{host}:5432/postgres'"


@click.command()
def migrate() -> None:
    """Bring the database up to this release."""
    from shared.state.connect import database_url
    from shared.state.migrate import migrate as apply

    settings = Settings.from_env()
    if settings.supabase_url and not settings.database_url:
        raise ConfigurationError(
            "Migrations need the database's own URL. With the Supabase CLI, from this folder:\n"
            f"  {push_line(settings.supabase_url)}\n"
            "or set GROWTHLOOP_DATABASE_URL to that URL and run this again."
        )
    applied = apply(database_url(settings))
    click.echo("\n".join(f"applied {name}" for name in applied) or "Nothing to apply.")


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def directives(folder: Path | None) -> None:
    """Check the directive files (of FOLDER, or the shipped ones) and list their versions."""
    from shared.directives import Book, read

    files = read(folder)
    Book.from_files(files)
    for each in files:
        click.echo(f"{each.content_hash[:12]}  {each.key}")


commands: tuple[click.Command, ...] = (migrate, directives)
