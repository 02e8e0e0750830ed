"""One `Secret` for each place that holds a credential, classified once; the rules only choose their class.

Where a value stands decides first, because it decides what has to be done: an image's history, a deploy file, the
default of a look-up. Then what the value is: part of a URL, a provider's key, any other secret, a placeholder. So a
provider's key in a Dockerfile is a secret in an image, and the message says whose key it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.finding import Confidence, Severity, Step
from aiaudit.kinds import kinds_of
from aiaudit.model import places
from aiaudit.model.compose import compose_file
from aiaudit.model.kubernetes import is_manifest_template, manifests_in
from aiaudit.model.python import python_side
from aiaudit.model.service import Service
from aiaudit.model.settings.refused_values import refused_values
from aiaudit.model.trials import is_for_tests
from aiaudit.model.unused import is_in_unused_function
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.facts import DockerfileFacts
from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.facts import (
    DEFAULT_PASSWORD,
    GENERIC,
    PLACEHOLDER,
    PROVIDER,
    STRONG,
    SecretFact,
    SecretFacts,
)
from aiaudit.span import Span
from aiaudit.values import dataclass, replace

IMAGE, DEPLOY, DEFAULT, LINK, KEY, HARDCODED, EMPTY, COMMITTED = (
    "image", "deploy file", "default", "link", "provider key", "hardcoded", "placeholder", "committed file",
)  # fmt: skip
_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL
# Deploy files for work on one's own machine, and keys of certificates for its address, which open nothing elsewhere.
_DEVELOPMENT = regex(r"(?i)(^|[-_./])(local|local-?dev|dev|development)[-_.][^/]*$")
_OWN_MACHINE = regex(r"(?i)(^|[-_./])localhost[^/]*\.(pem|key|crt)$")
_CONFIG_JSON = ("config", "settings", "secrets", "credentials", "environment")


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential at one place. `place` is one of the classes above, `where` says in words where it stands."""

    span: Span
    place: str
    where: str
    fact: SecretFact
    severity: Severity
    confidence: Confidence
    related: tuple[Step, ...] = ()

    @property
    def title(self) -> str:
        """What it is, with mask: `OpenAI key sk-p… (164 characters)`."""
        fact = self.fact
        if fact.kind == PLACEHOLDER:
            return f"placeholder {fact.masked}"
        if fact.in_url:
            return f"{fact.label} {fact.masked} in the URL"
        guessable = "guessable " if fact.kind == DEFAULT_PASSWORD else ""
        return f"{guessable}{fact.label} {fact.masked}"

    @property
    def is_in_environment_file(self) -> bool:
        """Whether it stands in an environment file that should not be committed at all."""
        return "environment" in kinds_of(self.span.path) and places.place_of(self.span.path) == places.ENVIRONMENT

    @property
    def opens(self) -> bool:
        """Whether the program lets in whoever sends it."""
        return self.fact.context == "comparison"

    @property
    def works(self) -> bool:
        """Whether it is a placeholder that serves as well as a secret: the program gives it out itself."""
        return self.fact.kind == PLACEHOLDER and not self.fact.provider and _self_issued(self.fact.name)

    @property
    def bound(self) -> str:
        """` for NAME`, or nothing where the value has no name, or one that the title says anyway."""
        fact = self.fact
        said = fact.kind != PLACEHOLDER and fact.name == fact.label
        return f" for {fact.name}" if fact.name and not said else ""


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    """An environment file that git carries and that holds secrets.

    `first` is the secret that stands for the file; those in `others` are told on their own.
    """

    path: str
    first: Secret
    names: tuple[str, ...]
    others: tuple[Secret, ...]
    severity: Severity
    confidence: Confidence


def secrets(service: Service) -> tuple[Secret, ...]:
    """Every credential of the tree that is worth a finding."""
    found: list[Secret] = []
    copies: list[tuple[str, SecretFact]] = []
    for path, fact in _facts(service):
        secret = _classify(service, path, fact)
        if secret is not None:
            found.append(secret)
        elif fact.kind == GENERIC and places.place_of(path) == places.EXAMPLE and not fact.allowed:
            copies.append((path, fact))
    return (*_with_files(found), *_live_copies(found, copies))


def environment_files(service: Service) -> Iterator[EnvironmentFile]:
    """The committed environment files with a secret that no provider's form gives away: those are told one by one."""
    by_path = _by_environment_file(service.subjects(Secret))
    for path, group in by_path.items():
        first = next((secret for secret in group if secret.place == COMMITTED), None)
        if first is None:
            continue
        named = tuple(dict.fromkeys(secret.fact.name for secret in group if secret.fact.name))
        real = any(secret.fact.kind != DEFAULT_PASSWORD for secret in group)
        confidence = max((secret.confidence for secret in group), key=lambda value: value.rank)
        others = tuple(secret for secret in group if secret is not first)
        yield EnvironmentFile(path, first, named, others, _HIGH if real else _MEDIUM, confidence)


def _by_environment_file(found: Iterable[Secret]) -> dict[str, list[Secret]]:
    """The secrets of the environment files that git carries, in order; placeholders and accepted ones aside."""
    by_path: dict[str, list[Secret]] = {}
    for secret in sorted(found, key=lambda secret: secret.span):
        if secret.is_in_environment_file and secret.fact.kind != PLACEHOLDER and not secret.fact.allowed:
            by_path.setdefault(secret.span.path, []).append(secret)
    return by_path


def _with_files(found: list[Secret]) -> Iterator[Secret]:
    """The secrets; the first of an environment file that is no provider's key stands for the file."""
    standing = {
        id(first)
        for group in _by_environment_file(found).values()
        if (first := next((secret for secret in group if secret.place in (HARDCODED, LINK)), None)) is not None
    }
    for secret in found:
        yield replace(secret, place=COMMITTED) if id(secret) in standing else secret


def _facts(service: Service) -> Iterator[tuple[str, SecretFact]]:
    for path in service.tree.files():
        facts = service.tree.facts(path, "secrets")
        if isinstance(facts, SecretFacts):
            for fact in facts.secrets:
                yield path, fact


def _classify(service: Service, path: str, fact: SecretFact) -> Secret | None:
    place = places.place_of(path)
    if fact.kind == PROVIDER:
        return _located(service, _provider_key(path, fact, place), place)
    if place in (places.TEST, places.DOCUMENT, places.NOTEBOOK, places.EXAMPLE):
        return None
    if fact.kind in (PLACEHOLDER, DEFAULT_PASSWORD) and is_for_tests(service, path, fact.extent.line):
        return None
    if fact.context == "comparison" and is_in_unused_function(python_side(service).program, path, fact.extent.line):
        if fact.kind in (PLACEHOLDER, DEFAULT_PASSWORD):
            return None  # it opens nothing
        fact = replace(fact, context="assignment")
    secret = _literal(path, fact, place)
    if secret is None:
        return None
    if fact.kind == PLACEHOLDER and place == places.ENVIRONMENT and fact.fingerprint in refused_values(service):
        secret = replace(secret, confidence=Confidence.MEDIUM)  # it is for development: elsewhere the start fails
    return _located(service, secret, place)


def _provider_key(path: str, fact: SecretFact, place: str) -> Secret:
    """A key of a known form is a leak wherever it stands; how sure we are depends on what the file is for."""
    confidence = Confidence.HIGH
    if place == places.TEST:
        confidence = Confidence.LOW
    elif place in (places.DOCUMENT, places.EXAMPLE) or fact.context in ("comment", "text") or _OWN_MACHINE.search(path):
        confidence = Confidence.MEDIUM
    if fact.provider == "jwt" and place != places.ENVIRONMENT:
        confidence = Confidence.LOW if place in (places.TEST, places.DOCUMENT, places.EXAMPLE) else Confidence.MEDIUM
    severity = _HIGH if fact.provider == "jwt" or "test key" in fact.label else _CRITICAL
    site = DEFAULT if fact.context in ("default", "field") else LINK if fact.in_url else KEY
    if place in (places.TEST, places.DOCUMENT, places.EXAMPLE):
        site = KEY
    return Secret(Span.at(path, fact.extent), site, "", fact, severity, confidence)


def _literal(path: str, fact: SecretFact, place: str) -> Secret | None:
    """Everything that only its name or its place makes a secret, in files that run or deploy something."""
    span = Span.at(path, fact.extent)
    weak = fact.kind in (PLACEHOLDER, DEFAULT_PASSWORD)
    if weak and (place == places.PIPELINE or _is_data(path) or fact.context == "comment"):
        return None
    if place == places.PIPELINE:
        return Secret(span, HARDCODED, "", fact, _HIGH, Confidence.MEDIUM if fact.grade == STRONG else Confidence.LOW)
    if fact.context == "comparison":
        return Secret(span, HARDCODED, "", fact, _HIGH, Confidence.HIGH if fact.grade == STRONG else Confidence.MEDIUM)
    is_default = fact.context in ("default", "field")
    if fact.kind == PLACEHOLDER:
        if is_default and not fact.in_url and not fact.provider and _self_issued(fact.name):
            return Secret(span, DEFAULT, "", fact, _HIGH, Confidence.HIGH)
        runs = path.endswith(".py") or place in (places.PLATFORM, places.ENVIRONMENT) or is_default
        return Secret(span, EMPTY, "", fact, _MEDIUM if runs else _LOW, Confidence.HIGH if runs else Confidence.MEDIUM)
    site = DEFAULT if is_default else LINK if fact.in_url else HARDCODED
    if fact.kind == DEFAULT_PASSWORD:
        sure = is_default or fact.context in ("environment", "assignment")
        return Secret(span, site, "", fact, _MEDIUM, Confidence.HIGH if sure else Confidence.MEDIUM)
    confidence = Confidence.MEDIUM if path.endswith((".json", ".js", ".ts", ".tsx", ".jsx")) else Confidence.HIGH
    return Secret(span, site, "", fact, _HIGH, confidence)


def _self_issued(name: str) -> bool:
    """Passwords and signing keys work with any value, so a placeholder is a secret that everybody knows; secrets that a
    provider gives out do not."""
    kind = names.kind_of_name(name)
    if kind == names.PASSWORD:
        return True
    words = names.words_of(name)
    signs = kind == names.KEY and bool({"secret", "signing", "jwt", "encryption", "fernet"}.intersection(words))
    return (kind == names.SECRET or signs) and not names.providers_in(name)


def _is_data(path: str) -> bool:
    """JSON that is no settings file: translations, schemas, records."""
    name = path.rpartition("/")[2].lower()
    return name.endswith(".json") and not any(part in name for part in _CONFIG_JSON)


def _located(service: Service, secret: Secret, place: str) -> Secret | None:
    """Move what stands in an image or a deploy file to its class, and say where."""
    path = secret.span.path
    if place in (places.TEST, places.DOCUMENT, places.NOTEBOOK, places.EXAMPLE, places.PIPELINE):
        return secret
    kinds = kinds_of(path)
    if "dockerfile" in kinds:
        return _in_image(service, secret)
    if "yaml" in kinds or place == places.PLATFORM:
        return _in_deploy_file(service, secret, place)
    return secret


def _in_image(service: Service, secret: Secret) -> Secret | None:
    fact = secret.fact
    if fact.context == "comment":
        return secret
    keyword = _keyword(service, secret)
    weak = fact.kind in (PLACEHOLDER, DEFAULT_PASSWORD)
    if weak and keyword == "RUN" and names.kind_of_name(fact.name) != names.PASSWORD:
        return None  # `RUN SECRET_KEY=build manage.py collectstatic`: a value for this one command
    if fact.kind == PLACEHOLDER:
        if keyword == "RUN":
            return None
        return replace(secret, place=EMPTY, where=keyword, severity=_MEDIUM, confidence=Confidence.HIGH)
    severity = _MEDIUM if fact.kind == DEFAULT_PASSWORD else _CRITICAL
    return replace(secret, place=IMAGE, where=keyword, severity=severity)


def _keyword(service: Service, secret: Secret) -> str:
    facts = service.tree.facts(secret.span.path, "dockerfile")
    if isinstance(facts, DockerfileFacts):
        for instruction in facts.instructions:
            if instruction.extent.covers(secret.span.line):
                return instruction.keyword
    return "Dockerfile"


def _in_deploy_file(service: Service, secret: Secret, place: str) -> Secret:
    where, cluster = _container_of(service, secret)
    if not where and place != places.PLATFORM:
        return secret
    fact = secret.fact
    where = where or secret.span.path.rpartition("/")[2]
    if fact.kind == PLACEHOLDER:
        confidence = Confidence.MEDIUM if _DEVELOPMENT.search(secret.span.path) else secret.confidence
        return replace(secret, place=EMPTY, where=where, severity=_MEDIUM, confidence=confidence)
    if fact.kind == DEFAULT_PASSWORD:
        severity = _HIGH if cluster else _MEDIUM
        return replace(secret, place=DEPLOY, where=where, severity=severity, confidence=Confidence.MEDIUM)
    return replace(secret, place=DEPLOY, where=where, severity=_CRITICAL)


def _container_of(service: Service, secret: Secret) -> tuple[str, bool]:
    """In words which service or object the secret belongs to, and whether that is one of a cluster."""
    path, line = secret.span.path, secret.span.line
    if not path.endswith((".yml", ".yaml")):
        return "", False
    for manifest in manifests_in(service, path):
        if manifest.extent.covers(line):
            return f"{manifest.kind} {manifest.name}".strip(), True
    if is_manifest_template(service, path):
        return f"the template {path.rpartition('/')[2]}", True
    file = compose_file(service, path)
    owner = file.at(line) if file is not None else None
    return (f"service {owner.name}" if owner else "", False)


def _live_copies(found: Iterable[Secret], copies: list[tuple[str, SecretFact]]) -> Iterator[Secret]:
    """Values in example files that are the very ones which code or deployment uses."""
    live = {secret.fact.fingerprint: secret for secret in found}
    for path, fact in copies:
        twin = live.get(fact.fingerprint)
        if twin is not None:
            step = (Step("the same value is used here", twin.span),)
            where = "an example file that repeats a live value"
            yield Secret(Span.at(path, fact.extent), HARDCODED, where, fact, _MEDIUM, Confidence.MEDIUM, step)
