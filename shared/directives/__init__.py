"""The business rules: Markdown files with typed front matter, read once, versioned in the database.

files = directives.read()                  # at seeding only
book = Book.from_versions(heads)           # what stages use; every mistake in one DirectiveError
book.outreach.call.concurrent              # 10
book.rules.pace.frequency.per_7d           # 3
render_sms(book.script("scripts/sms_followup"), fields, compliance=book.compliance, business_name=…)
"""

from __future__ import annotations

from shared.directives.book import Book, Version, parse
from shared.directives.fields import MERGE_FIELDS
from shared.directives.files import (
    DirectiveFile,
    content_hash,
    kind_of,
    normalised,
    read,
    release_of,
    seed_payload,
)
from shared.directives.models import (
    LEVERS,
    CallScript,
    Compliance,
    EmailScript,
    Kind,
    Outreach,
    Playbook,
    Report,
    Script,
    SmsScript,
    Step,
)
from shared.directives.render import (
    RenderedCall,
    RenderedEmail,
    RenderedSms,
    header_value,
    render_call,
    render_email,
    render_opt_out_confirmation,
    render_sms,
)

__all__ = [
    "LEVERS",
    "MERGE_FIELDS",
    "Book",
    "CallScript",
    "Compliance",
    "DirectiveFile",
    "EmailScript",
    "Kind",
    "Outreach",
    "Playbook",
    "RenderedCall",
    "RenderedEmail",
    "RenderedSms",
    "Report",
    "Script",
    "SmsScript",
    "Step",
    "Version",
    "content_hash",
    "header_value",
    "kind_of",
    "normalised",
    "parse",
    "read",
    "release_of",
    "render_call",
    "render_email",
    "render_opt_out_confirmation",
    "render_sms",
    "seed_payload",
]
