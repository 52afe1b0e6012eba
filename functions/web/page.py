"""The shell of the small pages that people reach from an email or a text."""

from __future__ import annotations

from urllib.parse import parse_qs

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

LONGEST_FORM = 10_000  # bytes; ours have one field

_SHELL = Markup("""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex"><title>{title}</title>
<style>body{{font:18px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color:#222}}
h1{{font-size:1.7rem;line-height:1.25}}h2{{font-size:1.1rem;margin:1.6rem 0 .5rem}}
.times{{display:flex;flex-wrap:wrap;gap:.6rem}}.quiet{{color:#5b6575}}
button{{font:inherit;padding:.7em 1.4em;border:0;border-radius:.4em;background:#1f5eff;color:#fff}}
button:hover{{background:#1749cc;cursor:pointer}}
button:focus-visible{{outline:3px solid #f5a524;outline-offset:2px}}
.times button{{padding:.6em .9em}}
@media(max-width:30rem){{body{{margin-top:1.5rem}}}}
@media(prefers-color-scheme:dark){{body{{background:#16181c;color:#eee}}.quiet{{color:#a4adbb}}}}</style>
</head><body><main><h1>{title}</h1>{body}</main></body></html>""")
# The link is the key to the page: it must not travel on in a Referer or stay in a shared cache.
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def page(title: str, body: str | Markup, status: int = 200) -> Response:
    """A page with one heading. What is no `Markup` is escaped."""
    return HTMLResponse(_SHELL.format(title=title, body=body), status_code=status, headers=_HEADERS)


def paragraph(text: str) -> Markup:
    """One escaped paragraph."""
    return Markup("<p>{}</p>").format(text)


async def form_value(request: Request, name: str) -> str | None:
    """One field of a posted form; None when it is missing, or the form is longer than any of ours."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LONGEST_FORM:
            return None
    return parse_qs(raw.decode("latin-1")).get(name, [None])[0]
