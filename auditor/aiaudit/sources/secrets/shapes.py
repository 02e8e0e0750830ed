"""The shapes of providers' keys: what they begin with, how long they are, what inside them can be checked."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

from aiaudit.patterns import regex
from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.randomness import entropy, is_sequence, wordiness
from aiaudit.sources.secrets.values import is_placeholder
from aiaudit.values import dataclass

Check = Callable[[str], bool]
_HEXADECIMAL = regex(r"[0-9a-f]+")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Shape:
    """One provider's kind of key.

    `pattern` matches from the key's first character; `starts` are the first two characters that it can have; `check`
    refuses look-alikes.
    """

    id: str
    label: str
    pattern: re.Pattern[str]
    check: Check
    starts: tuple[str, ...]


def _varied(value: str) -> bool:
    """No example: enough different characters, no counting up, no words like `your`."""
    body = value[4:] if len(value) > 24 else value
    return entropy(body) >= 2.9 and not is_sequence(body) and not is_placeholder(value)


def _mixed(value: str) -> bool:
    """Varied, and made of letters and digits rather than of words joined by hyphens."""
    tail = value[value.rfind("_", 0, 12) + 1 :]
    if _HEXADECIMAL.fullmatch(tail):
        return _varied(value)
    return _varied(value) and any(c.isdigit() for c in tail[2:]) and wordiness(tail) < 0.62


def _letters(value: str) -> bool:
    """Varied, and no identifier: tokens of letters alone mix cases."""
    body = value[3:]
    return _varied(value) and wordiness(body) < 0.6 and body not in (body.lower(), body.upper())


def _no_example(value: str) -> bool:
    return not value.upper().endswith("EXAMPLE") and not is_sequence(value[4:]) and entropy(value[4:]) >= 2.5


def _base62_checksum(value: str) -> bool:
    """The last six characters of GitHub's and npm's tokens are the CRC-32 of the characters before them."""
    body = value[value.index("_") + 1 :]
    number, digits = zlib.crc32(body[:-6].encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return digits.rjust(6, "0") == body[-6:]


def _github(value: str) -> bool:
    return _varied(value) and _base62_checksum(value)


def _anthropic(value: str) -> bool:
    return _varied(value[10:]) and any(c.isdigit() for c in value[14:])


def _shape(id: str, label: str, pattern: str, check: Check = _varied, starts: str = "") -> Shape:
    return Shape(id, label, regex(pattern), check, tuple(starts.split()) or (pattern[:2],))


_END = r"(?![\w\-])"
# By the first two characters; a shape is tried where a long run of token characters begins.
_TABLE: tuple[Shape, ...] = (
    _shape("anthropic", "Anthropic key", r"sk-ant-(?:[a-z]{3,6}\d\d-)[\w\-]{24,160}", _anthropic),
    _shape("openrouter", "OpenRouter key", r"sk-or-(?:v1-)?[0-9a-f]{48,64}" + _END),
    _shape("langfuse", "Langfuse secret key", r"sk-lf-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}" + _END),
    _shape("openai", "OpenAI key", r"sk-(?:proj|svcacct|admin|None)-[\w\-]{20,200}", _mixed),
    _shape("openai", "OpenAI key", r"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}" + _END),
    _shape("openai-like", "OpenAI-style key", r"sk-[A-Za-z0-9]{32,64}" + _END, _mixed),
    _shape("stripe", "Stripe secret key", r"[sr]k_live_[A-Za-z0-9]{16,120}" + _END, starts="sk rk"),
    _shape("stripe", "Stripe test key", r"[sr]k_test_[A-Za-z0-9]{16,120}" + _END, _mixed, "sk rk"),
    _shape("elevenlabs", "ElevenLabs key", r"sk_[0-9a-f]{48}" + _END),
    _shape("google", "Google API key", r"AIza[\w\-]{35}" + _END, _mixed),
    _shape("google", "Google API key", r"AQ\.[\w\-]{40,64}" + _END, _mixed),
    _shape("google-oauth", "Google OAuth client secret", r"GOCSPX-[\w\-]{28}" + _END),
    _shape("huggingface", "Hugging Face token", r"hf_[A-Za-z0-9]{34,40}" + _END, _letters),
    _shape("huggingface", "Hugging Face organisation token", r"api_org_[A-Za-z]{34}" + _END, _letters),
    _shape("groq", "Groq key", r"gsk_[A-Za-z0-9]{40,60}" + _END, _mixed),
    _shape("xai", "xAI key", r"xai-[A-Za-z0-9]{60,90}" + _END, _mixed),
    _shape("perplexity", "Perplexity key", r"pplx-[A-Za-z0-9]{40,64}" + _END, _mixed),
    _shape("replicate", "Replicate token", r"r8_[A-Za-z0-9]{37}" + _END, _mixed),
    _shape("fireworks", "Fireworks key", r"fw_[A-Za-z0-9]{22,40}" + _END, _mixed),
    _shape("together", "Together key", r"tgp_v1_[\w\-]{40,60}" + _END, _mixed),
    _shape("nvidia", "NVIDIA key", r"nvapi-[\w\-]{50,80}" + _END, _mixed),
    _shape("cerebras", "Cerebras key", r"csk-[a-z0-9]{40,60}" + _END, _mixed),
    _shape("voyage", "Voyage key", r"pa-[\w\-]{40,50}" + _END, _mixed),
    _shape("jina", "Jina key", r"jina_[0-9a-f]{32}[\w\-]{20,40}" + _END),
    _shape("tavily", "Tavily key", r"tvly-(?:dev-|prod-)?[A-Za-z0-9]{28,48}" + _END, _mixed),
    _shape("firecrawl", "Firecrawl key", r"fc-[0-9a-f]{32}" + _END),
    _shape("llamacloud", "LlamaCloud key", r"llx-[A-Za-z0-9]{40,60}" + _END, _mixed),
    _shape("pinecone", "Pinecone key", r"pcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{40,70}" + _END),
    _shape("langsmith", "LangSmith key", r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}" + _END),
    _shape("langsmith", "LangSmith key", r"ls__[0-9a-f]{32}" + _END),
    _shape("databricks", "Databricks token", r"dapi[0-9a-f]{32}(?:-\d)?" + _END),
    _shape("e2b", "E2B key", r"e2b_[0-9a-f]{40}" + _END),
    _shape("runpod", "RunPod key", r"rpa_[A-Z0-9]{30,50}" + _END, _mixed),
    _shape("wandb", "Weights & Biases key", r"wandb_v1_[\w\-]{30,120}" + _END, _mixed),
    _shape("apify", "Apify token", r"apify_api_[A-Za-z0-9]{36}" + _END, _mixed),
    _shape("aws", "AWS access key id", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}" + _END, _no_example, "AK AS AB AC"),
    _shape("aws-bedrock", "AWS Bedrock key", r"ABSK[A-Za-z0-9+/]{100,140}={0,2}"),
    _shape("github", "GitHub token", r"gh[pousr]_[A-Za-z0-9]{36}" + _END, _github),
    _shape("github", "GitHub token", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}" + _END),
    _shape("gitlab", "GitLab token", r"gl(?:pat|dt|rt|soat|cbt|ptt|ft)-[\w\-]{20,50}(?:\.\w{2}\.\w{9})?", _mixed),
    _shape("slack", "Slack token", r"xox[abeprs]-(?:\d+-)?[\w\-]{20,120}", _mixed),
    _shape("slack", "Slack app token", r"xapp-\d-[A-Z0-9]{8,14}-\d{8,16}-[0-9a-f]{40,80}"),
    _shape("sendgrid", "SendGrid key", r"SG\.[\w\-]{16,32}\.[\w\-]{32,64}" + _END),
    _shape("mailgun", "Mailgun key", r"key-[0-9a-f]{32}" + _END),
    _shape("npm", "npm token", r"npm_[A-Za-z0-9]{36}" + _END, _github),
    _shape("pypi", "PyPI token", r"pypi-Ag[\w\-]{60,260}"),
    _shape("docker", "Docker Hub token", r"dckr_(?:pat|oat)_[\w\-]{24,40}" + _END, _mixed),
    _shape("digitalocean", "DigitalOcean token", r"do[oprt]_v1_[0-9a-f]{64}" + _END),
    _shape("doppler", "Doppler token", r"dp\.(?:pt|st|ct|sa)\.(?:[a-z0-9_\-]{2,20}\.)?[A-Za-z0-9]{40,44}" + _END),
    _shape("vault", "Vault token", r"hv[sb]\.[\w\-]{24,140}", _mixed),
    _shape("grafana", "Grafana token", r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}" + _END),
    _shape("posthog", "PostHog personal key", r"phx_[A-Za-z0-9]{40,60}" + _END, _mixed),
    _shape("newrelic", "New Relic key", r"NRAK-[A-Z0-9]{27}" + _END, _mixed),
    _shape("sentry", "Sentry token", r"sntry[us]_[\w+/=\-]{60,200}"),
    _shape("notion", "Notion token", r"ntn_[A-Za-z0-9]{40,60}" + _END, _mixed),
    _shape("notion", "Notion token", r"secret_[A-Za-z0-9]{43}" + _END, _mixed),
    _shape("linear", "Linear key", r"lin_api_[A-Za-z0-9]{40}" + _END, _mixed),
    _shape("atlassian", "Atlassian token", r"ATATT3[\w\-=]{150,220}"),
    _shape("shopify", "Shopify token", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}" + _END),
    _shape("supabase", "Supabase secret key", r"sb_secret_[\w\-]{28,48}" + _END, _mixed),
    _shape("supabase", "Supabase access token", r"sbp_[0-9a-f]{40}" + _END),
    _shape("planetscale", "PlanetScale password", r"pscale_(?:pw|tkn|oauth)_[\w\-.]{32,64}", _mixed),
    _shape("tailscale", "Tailscale key", r"tskey-[a-z]+-[A-Za-z0-9]{8,20}-[A-Za-z0-9]{16,40}"),
    _shape("airtable", "Airtable token", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}" + _END),
    _shape("figma", "Figma token", r"figd_[\w\-]{36,48}" + _END, _mixed),
    _shape("resend", "Resend key", r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,30}" + _END, _mixed),
    _shape("alibaba", "Alibaba access key id", r"LTAI[A-Za-z0-9]{16,22}" + _END, _mixed),
    _shape("age", "age secret key", r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
)  # fmt: skip
_BY_START: dict[str, tuple[Shape, ...]] = {}
for _entry in _TABLE:
    for _start in _entry.starts:
        _BY_START[_start] = (*_BY_START.get(_start, ()), _entry)
STARTS = frozenset(_BY_START)

# Keys without a mark of their own are known by the provider in the name they are bound to, and by their form.
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_BY_NAME: tuple[tuple[frozenset[str], Shape], ...] = tuple(
    (frozenset(who.split()), _shape(id, label, pattern, _mixed))
    for who, id, label, pattern in (
        ("mistral mistralai", "mistral", "Mistral key", r"[A-Za-z0-9]{32}"),
        ("cohere co", "cohere", "Cohere key", r"[A-Za-z0-9]{40}"),
        ("wandb weights", "wandb", "Weights & Biases key", r"[0-9a-f]{40}"),
        ("pinecone", "pinecone", "Pinecone key", _UUID),
        ("azure", "azure", "Azure key", r"[0-9a-f]{32}|[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}|[A-Za-z0-9+/]{86}=="),
        ("aws", "aws", "AWS secret access key", r"[A-Za-z0-9+/]{40}"),
        ("together togetherai", "together", "Together key", r"[0-9a-f]{64}"),
        ("deepgram", "deepgram", "Deepgram key", r"[0-9a-f]{40}"),
        ("serper", "serper", "Serper key", r"[0-9a-f]{40}"),
        ("serpapi", "serpapi", "SerpApi key", r"[0-9a-f]{64}"),
        ("exa", "exa", "Exa key", _UUID),
        ("assemblyai", "assemblyai", "AssemblyAI key", r"[0-9a-f]{32}"),
        ("elevenlabs", "elevenlabs", "ElevenLabs key", r"[0-9a-f]{32}"),
        ("twilio", "twilio", "Twilio auth token", r"[0-9a-f]{32}"),
        ("deepl", "deepl", "DeepL key", _UUID + r"(?::fx)?"),
        ("groq", "groq", "Groq key", r"gsk_\w{30,60}"),
    )
)


def shape_at(text: str, start: int) -> tuple[Shape, int] | None:
    """The shape of the key that begins at `start`, and where it ends."""
    for shape in _BY_START.get(text[start : start + 2], ()):
        match = shape.pattern.match(text, start)
        if match and shape.check(match.group()):
            return shape, match.end()
    return None


def shape_of_value(value: str) -> Shape | None:
    """The shape that a whole value has."""
    found = shape_at(value, 0)
    return found[0] if found and found[1] == len(value) else None


def shape_by_name(value: str, name: str) -> Shape | None:
    """The shape of a value whose provider only the name tells; identifiers and end points are no keys."""
    if names.kind_of_name(name) in (None, names.URL, names.PASSWORD, names.IDENTIFIER):
        return None
    mentioned = names.providers_in(name)
    for providers, shape in _BY_NAME:
        if mentioned & providers and shape.pattern.fullmatch(value) and shape.check(value):
            return shape
    return None
