"""All directives in force, parsed and checked against each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.directives import gsm
from shared.directives.fields import FALLBACKS, SAMPLE
from shared.directives.files import DirectiveFile, content_hash, kind_of
from shared.directives.models import (
    CallScript,
    Compliance,
    EmailScript,
    Ideas,
    Kind,
    Medic,
    ModelPrompt,
    Outreach,
    Playbook,
    Report,
    Script,
    SmsScript,
)
from shared.directives.render import render_call, render_email, render_sms
from shared.errors import ConfigurationError, DirectiveError
from shared.frontmatter import near_miss, split, validate
from shared.gate import Rules

T = TypeVar("T")
Parsed = Outreach | Playbook | Script | Compliance | Medic | Report | ModelPrompt | Ideas

_SCRIPTS: dict[str, type[CallScript] | type[EmailScript] | type[SmsScript]] = {
    "call": CallScript,
    "email": EmailScript,
    "sms": SmsScript,
}
_MODELS: dict[
    Kind, type[Outreach] | type[Playbook] | type[Compliance] | type[Medic] | type[Report] | type[Ideas]
] = {
    "outreach": Outreach,
    "playbook": Playbook,
    "compliance": Compliance,
    "medic": Medic,
    "report": Report,
    "ideas": Ideas,
}

_RULES = "rules/"
# Law, compliance texts, what the model is told: no experiment and no learned version may stand in for them.
_OWNERS_ALONE: frozenset[Kind] = frozenset({"compliance", "rules", "outreach", "medic", "prompt", "ideas"})


@dataclass(frozen=True)
class Version:
    """One immutable revision of one directive, as the database keeps it."""

    key: str
    kind: str
    content_hash: str
    text: str
    revision: int
    author: str


def parse(key: str, text: str) -> Parsed | None:
    """One directive by itself, without the checks against others; None for kinds that others parse.

    Raises one DirectiveError with a line for each mistake.
    """
    kind, file = kind_of(key), f"{key}.md"
    if kind == "rules":
        return None
    data, body = split(text, file=file)
    if kind == "script":
        return _parse_script(data, body.strip(), file)
    if kind == "prompt":
        return validate(ModelPrompt, _with_body(data, body.strip(), file), file=file)
    return validate(_MODELS[kind], data, file=file)


@dataclass(frozen=True)
class Book:
    """Typed access to the directives in force. Built by `from_versions`; never changes afterwards."""

    outreach: Outreach
    compliance: Compliance
    medic: Medic
    playbooks: Mapping[str, Playbook]
    scripts: Mapping[str, Script]
    reports: Mapping[str, Report]
    rules: Rules
    prompts: Mapping[str, ModelPrompt]
    ideas: Ideas
    versions: Mapping[str, Version] = field(repr=False)

    @classmethod
    def from_versions(cls, versions: Iterable[Version]) -> Book:
        """Parse and cross-check heads. Raises one DirectiveError listing every mistake in all of them.

        Of several faulty files under `rules/` only the first is named: the gate reads them as one.
        """
        draft = _Draft()
        for version in versions:
            draft.add(version)
        draft.check()
        if draft.mistakes or not (draft.outreach and draft.compliance and draft.medic and draft.rules):
            raise DirectiveError("\n".join(draft.mistakes))
        return cls(
            outreach=draft.outreach,
            compliance=draft.compliance,
            medic=draft.medic,
            playbooks=draft.of(Playbook),
            scripts={**draft.of(CallScript), **draft.of(EmailScript), **draft.of(SmsScript)},
            reports=draft.of(Report),
            rules=draft.rules,
            prompts=draft.of(ModelPrompt),
            ideas=draft.of(Ideas).get("ideas", Ideas(ideas=())),
            versions=draft.versions,
        )

    @classmethod
    def from_files(cls, files: Iterable[DirectiveFile]) -> Book:
        """The book that a fresh seeding of these files puts in force."""
        return cls.from_versions(
            Version(each.key, each.kind, each.content_hash, each.text, revision=1, author="owner")
            for each in files
        )

    def replaced(self, key: str, text: str, *, author: str) -> Book:
        """The book with another text for one directive, checked as a whole. Raises DirectiveError."""
        old = self.version(key)
        new = Version(key, old.kind, content_hash(text), text, old.revision + 1, author)
        return Book.from_versions({**self.versions, key: new}.values())

    def playbook(self, key: str) -> Playbook:
        """The playbook of this key. Raises DirectiveError with the near miss, as do all of these.

        `key@hash` is a version under test; when the test is over it means the one in force.
        """
        return _named(self.playbooks, _in_force(self.playbooks, key))

    def script(self, key: str) -> Script:
        """The script of this key."""
        return _named(self.scripts, key)

    def prompt(self, key: str) -> ModelPrompt:
        """The prompt of this key."""
        return _named(self.prompts, key)

    def report(self, key: str) -> Report:
        """The report of this key."""
        return _named(self.reports, key)

    def version(self, key: str) -> Version:
        """The revision in force of any directive, or of a playbook `key@hash` as `playbook` reads it."""
        return _named(self.versions, _in_force(self.versions, key))


class _Channel(BaseModel):
    """Only the field that tells which kind of script a file is."""

    model_config = ConfigDict(extra="ignore")
    channel: Literal["call", "email", "sms"]


def _parse_script(data: dict[str, object], body: str, file: str) -> Script:
    whole = _with_body(data, body, file)
    channel = validate(_Channel, data, file=file).channel
    return validate(_SCRIPTS[channel], whole, file=file)


def _with_body(data: dict[str, object], body: str, file: str) -> dict[str, object]:
    if "body" in data:
        raise DirectiveError(f"{file}: body: is the text below the front matter, not a field of it")
    if not body:
        raise DirectiveError(f"{file}: body: is missing: there is no text below the front matter")
    return {**data, "body": body}


def _in_force(known: Mapping[str, T], key: str) -> str:
    return key if key in known else key.partition("@")[0]


def _named(known: Mapping[str, T], key: str) -> T:
    if key not in known:
        raise DirectiveError(f"{key}: no such directive" + near_miss(key, known))
    return known[key]


class _Draft:
    """A book in the making: everything that could be parsed, and every mistake so far."""

    def __init__(self) -> None:
        self.versions: dict[str, Version] = {}
        self.parsed: dict[str, Parsed] = {}
        self.rules: Rules | None = None
        self.mistakes: list[str] = []

    @property
    def outreach(self) -> Outreach | None:
        return self.of(Outreach).get("outreach")

    @property
    def compliance(self) -> Compliance | None:
        return self.of(Compliance).get("compliance")

    @property
    def medic(self) -> Medic | None:
        return self.of(Medic).get("medic")

    def of(self, model: type[T]) -> dict[str, T]:
        return {key: each for key, each in self.parsed.items() if isinstance(each, model)}

    def add(self, version: Version) -> None:
        if version.key in self.versions:
            self.mistakes.append(f"{version.key}.md: is given twice")
            return
        self.versions[version.key] = version
        try:
            kind = kind_of(version.key)
            self.mistakes += _provenance(version, kind)
            if version.kind != kind:
                raise DirectiveError(f"{version.key}.md: is stored as {version.kind} but is a {kind}")
            if directive := parse(version.key, version.text):
                self.parsed[version.key] = directive
        except DirectiveError as error:
            self.mistakes.append(str(error))

    def check(self) -> None:
        for key in ("compliance", "medic", "outreach"):
            if key not in self.versions:
                self.mistakes.append(f"{key}.md: is missing")
        self._read_rules()
        self.mistakes += self._default_playbooks()
        for key, playbook in self.of(Playbook).items():
            self.mistakes += self._steps(key, playbook)
        if compliance := self.compliance:
            for key, script in self.parsed.items():
                if isinstance(script, CallScript | EmailScript | SmsScript):
                    self.mistakes += _script_mistakes(key, script, compliance)

    def _read_rules(self) -> None:
        texts = {
            f"{key.removeprefix(_RULES)}.md": each.text
            for key, each in self.versions.items()
            if key.startswith(_RULES)
        }
        try:
            self.rules = Rules.parse(texts)
        except DirectiveError as error:
            # The gate names its files without their folder.
            self.mistakes.append(re.sub(r"^(?=\w+\.md: )", _RULES, str(error), flags=re.MULTILINE))

    def _default_playbooks(self) -> Iterator[str]:
        if not (outreach := self.outreach):
            return
        known = [key for key, each in self.versions.items() if each.kind == "playbook"]
        for name in ("default_playbook", "warm_playbook"):
            value = getattr(outreach, name)
            if value not in known:
                yield f"outreach.md: {name}: {value!r} does not exist" + near_miss(value, known)

    def _steps(self, key: str, playbook: Playbook) -> Iterator[str]:
        most = self.rules.pace.frequency.total if self.rules else None
        if most is not None and len(playbook.steps) > most:
            yield f"{key}.md: steps: {len(playbook.steps)} steps, but a person gets at most {most} touches"
        known = [each.key for each in self.versions.values() if each.kind == "script"]
        for n, step in enumerate(playbook.steps):
            where = f"{key}.md: steps.{n}.script: {step.script!r}"
            script = self.parsed.get(step.script)
            if step.script not in known:
                yield f"{where} does not exist" + near_miss(step.script, known)
            elif isinstance(script, CallScript | EmailScript | SmsScript) and script.channel != step.channel:
                yield f"{where} is for {script.channel}, but step {step.step} is by {step.channel}"


def _provenance(version: Version, kind: Kind) -> Iterator[str]:
    """What parsing cannot see: who wrote a version, and whether its text is still the one that was hashed."""
    if kind in _OWNERS_ALONE and version.author != "owner":
        yield f"{version.key}.md: is written by {version.author!r}, but only the owner's file may change it"
    if version.content_hash != content_hash(version.text):
        yield f"{version.key}.md: the stored text is not the one its content hash was made of"


def _script_mistakes(key: str, script: Script, compliance: Compliance) -> Iterator[str]:
    said = _said(script)
    for phrase in compliance.never_say:
        for name, text in said.items():
            if phrase.casefold() in _plain(text):
                yield f"{key}.md: {name}: says {phrase!r}, which compliance forbids"
    nothing_known = {name: value for name, value in SAMPLE.items() if name not in FALLBACKS}
    for fields in (SAMPLE, nothing_known):
        try:
            _trial(script, compliance)(fields)
        except ConfigurationError as error:
            yield f"{key}.md: body: {error}"
            return


def _plain(text: str) -> str:
    """Words only, so that a line break, a typographic quote or a template tag in the middle hides nothing."""
    untagged = re.sub(r"\{%.*?%\}|\{#.*?#\}", "", text, flags=re.DOTALL)
    return " ".join(gsm.fold(untagged).casefold().split())


def _said(script: Script) -> dict[str, str]:
    """What reaches a person word for word. A system prompt does not: it may name what must not be said."""
    if isinstance(script, CallScript):
        return {"opener": script.opener, "voicemail": script.voicemail}
    if isinstance(script, EmailScript):
        return {"subject": script.subject, "body": script.body}
    return {"body": script.body}


def _trial(script: Script, compliance: Compliance) -> Callable[[Mapping[str, str]], object]:
    business = SAMPLE["business_name"]
    if isinstance(script, CallScript):
        number = SAMPLE["opt_out_number"]
        return lambda fields: render_call(
            script, fields, compliance=compliance, business_name=business, opt_out_number=number
        )
    if isinstance(script, SmsScript):
        return lambda fields: render_sms(script, fields, compliance=compliance, business_name=business)
    return lambda fields: render_email(
        script,
        fields,
        compliance=compliance,
        unsubscribe_url="https://example.com/u/sample",
        postal_address="1 Example Street, Springfield",
        business_name=business,
    )
