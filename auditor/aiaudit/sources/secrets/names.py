"""Whether a name is a secret's name: it is cut into words, and the last words that carry meaning decide.

`MAX_TOKENS` ends in a plural, `CACHE_KEY_TTL` in a time, `AUTH_TOKEN_FILE` in a place: none of them is a secret. In
`OPENAI_API_KEY` a key that opens something is named, in `MONKEY` no word of its own ends in "key".
"""

from __future__ import annotations

from functools import lru_cache

from aiaudit.patterns import regex

PASSWORD, KEY, TOKEN, SECRET, URL, IDENTIFIER = "password", "key", "token", "secret", "url", "identifier"

_PIECES = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LONGEST_NAME = 120
# What switches on and off what stands beside it.
SWITCHES = ("enabled", "enable")


def word_set(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


# Who gives out keys: as a qualifier (`OPENAI_KEY`) and as a trailer (`API_KEY_OPENAI`).
PROVIDERS = word_set(
    "openai azure anthropic claude google gemini vertex palm cohere co mistral mistralai groq together togetherai"
    " fireworks perplexity pplx deepseek xai grok nvidia nim cerebras sambanova openrouter replicate huggingface hf"
    " hugging huggingfacehub face hub voyage jina nomic mixedbread pinecone qdrant weaviate zilliz milvus chroma"
    " elastic elasticsearch opensearch typesense algolia langchain langsmith langfuse langchainhub wandb weights"
    " biases comet mlflow helicone portkey arize phoenix braintrust traceloop agentops lunary serpapi serper tavily"
    " exa brave bing firecrawl browserless elevenlabs deepgram assemblyai gladia stability stabilityai runpod modal"
    " anyscale baseten banana llama llamaindex llamacloud llamaparse unstructured cartesia litellm vllm ollama aws"
    " bedrock amazon gcp firebase supabase neon planetscale upstash github gh gitlab gl bitbucket slack discord"
    " telegram tg twilio sendgrid mailgun mailchimp postmark resend brevo stripe paypal square plaid shopify notion"
    " airtable linear jira atlassian asana hubspot salesforce zendesk sentry datadog dd newrelic grafana posthog"
    " mixpanel segment cloudflare cf vercel netlify heroku digitalocean render railway fly docker dockerhub npm"
    " pypi codecov sonar snyk tiktok facebook meta instagram whatsapp linkedin spotify youtube maps weather"
    " openweather alpaca coinbase binance kraken zhipu zhipuai qwen dashscope moonshot baidu ernie minimax baichuan"
    " deepl clerk okta auth0 lark feishu wechat dingtalk line tmdb omdb newsapi gnews finnhub alphavantage fmp giphy"
    " unsplash pexels wolfram wolframalpha weatherapi accuweather rapidapi scraperapi geoapify mapbox opencage"
)
_DATASTORES = word_set(
    "database db sqlalchemy sql postgres postgresql pg pgvector mysql mariadb mongo mongodb redis rabbitmq amqp"
    " broker celery cache queue clickhouse cassandra neo4j cockroach mssql oracle snowflake kafka nats timescale"
    " result storage"
)
# A key is a secret when it opens, signs or encrypts something.
_KEY_QUALIFIERS = PROVIDERS | word_set(
    "api secret access private signing sign encryption encrypt crypto cipher auth authentication authorization jwt jws"
    " service account admin master root app application deploy ssh pgp gpg subscription licence license server client"
    " fernet aes hmac webhook shared storage function functions user my integration personal bot rest fastapi flask"
    " django backend gateway internal llm chatgpt gpt speech cosmos cosmosdb"
)
# What a provider's name before it makes a service that gives out keys: `AZURE_SEARCH_KEY`, `SUPABASE_SERVICE_ROLE_KEY`.
_SERVICES = word_set("search speech recognizer intelligence translator language vision cognitive role")
_NOT_KEYS = word_set(
    "public primary foreign cache sort partition hash unique composite index natural surrogate routing object bucket"
    " dict map lookup group sorting dedup idempotency state session memory input output human ai pub kms register hot"
    " shortcut missing invalid example sample publishable publish anon site"
)
# Tokens of language models, parsers, pages and forms open nothing.
_NOT_TOKENS = word_set(
    "max maximum min minimum num number n total prompt completion input output context pad padding eos bos unk unknown"
    " sep separator cls mask stop start end begin special next previous prev page pagination continuation count used"
    " first last cancel cancellation sync image text word sub subword think thinking tool cursor reserved extra csrf"
    " xsrf per new generated cached reasoning budget target source current vocab vocabulary blank boundary bytes"
    " single double unit free left right raw lexer parser syntax delimiter role system assistant fim video audio"
    " invalid missing expired example sample resume public publishable anon anonymous website widget"
)
_NOT_SECRETS = word_set(
    "pull existing tls kubernetes k8s docker external sealed invalid missing image ref example sample checksum"
)
_NOT_PASSWORDS = word_set(
    "by first second forward backward single multi one two low high band num render invalid missing example reset"
)
_PASS_QUALIFIERS = _DATASTORES | word_set(
    "user admin root smtp mail email ftp sftp ssh sudo basic auth login ldap proxy api app application my default"
    " account service system super superuser postgres es bind owner"
)
_AUTH_QUALIFIERS = word_set("basic http proxy registry docker bearer npm api client user service redis") | PROVIDERS
# A name that starts like this is a switch, an action or a text about secrets.
_ACTIONS = word_set(
    "use uses using has have is are enable enabled enables disable disabled require requires required show hide"
    " generate verify validate check reset forgot forget forgotten change update set get fetch load read create delete"
    " remove rotate count no wrong incorrect invalid missing need needs allow allows with without confirm confirmation"
    " enter include exclude parse decode encode encrypt decrypt hash hashed old lost expect expected"
)
# What may stand behind the noun without changing what it names.
_TRAILERS = PROVIDERS | word_set(
    "prod production dev development staging stage test testing ci local live sandbox value val default new current"
    " backup base b64 base64 encoded plain plaintext raw str string text v primary secondary main id1 a b c"
)
_COMPACT_HEADS = (
    "passphrase", "passwords", "password", "passwort", "passwd", "passcode", "credentials", "credential", "secrets",
    "secret", "tokens", "token", "keys", "key", "pwd", "pass", "dsn", "url", "uri", "auth",
)  # fmt: skip
_COMPACT_STEMS = (
    _KEY_QUALIFIERS | _PASS_QUALIFIERS | _AUTH_QUALIFIERS | _DATASTORES | word_set("refresh bearer x session jwt")
)
_TWO_PART_WORDS = PROVIDERS | _DATASTORES | {"password", "passphrase"}
_PASSWORD_WORDS = word_set("password passwd passphrase passcode requirepass masterauth passwort senha")
_HASHING = word_set("hash hashed set make encrypt encode")
_AROUND_HASHING = word_set("get create generate user admin new plain bcrypt argon secure")
_HASHERS = word_set("pwd password bcrypt argon passlib")
_LINK_WORDS = word_set("url uri dsn connstr")


def _stems(text: str, depth: int = 4) -> tuple[str, ...]:
    """The text cut into known stems without a rest, or nothing."""
    if text in _COMPACT_STEMS:
        return (text,)
    if depth == 0:
        return ()
    for cut in range(min(len(text) - 2, 14), 1, -1):
        if text[:cut] in _COMPACT_STEMS:
            rest = _stems(text[cut:], depth - 1)
            if rest:
                return (text[:cut], *rest)
    return ()


def _segments(word: str) -> tuple[str, ...]:
    """A run-together word cut into known words: `openaiapikey` -> openai api key; unknown ones stay whole."""
    for head in _COMPACT_HEADS:
        if len(word) > len(head) and word.endswith(head):
            stems = _stems(word[: -len(head)])
            return (*stems, head) if stems else (word,)
    return (word,)


@lru_cache(maxsize=8192)
def words_of(name: str) -> tuple[str, ...]:
    """The lower-case words of a name, whatever joins them."""
    found: list[str] = []
    for piece in _PIECES.findall(name[-_LONGEST_NAME:]):
        word = piece.lower()
        if found and found[-1] + word in _TWO_PART_WORDS:
            found[-1] += word
        else:
            found.extend(_segments(word))
    return tuple(found)


# Types for secrets: their names stand beside no value of one.
_TYPES = ("SecretStr", "SecretBytes")


@lru_cache(maxsize=8192)
def kind_of_name(name: str) -> str | None:
    """What kind of secret the name promises: password, key, token, secret, url or identifier; None for none."""
    if name in _TYPES:
        return None
    words = list(words_of(name.rpartition(".")[2]))
    if len(words) < 2:
        words = list(words_of(name))
    if not words or words[0] in _ACTIONS:
        return None
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _TRAILERS) and not _is_head(words[-1]):
        if words[-1] == "string" and words[-2] in ("connection", "conn"):
            return URL
        words.pop()
    head, before = words[-1], words[:-1]
    near = before[-1] if before else ""
    return _judge_head(head, near, before)


def _is_head(word: str) -> bool:
    return word in _COMPACT_HEADS


def _judge_head(head: str, near: str, before: list[str]) -> str | None:
    if head in _PASSWORD_WORDS or head == "pwd":
        return None if near in _NOT_PASSWORDS or (head == "pwd" and near == "old") else PASSWORD
    if head in ("pass", "psw", "pword", "pw"):
        return PASSWORD if near in _PASS_QUALIFIERS or near in PROVIDERS else None
    if head in ("key", "keys"):
        opens = near in _KEY_QUALIFIERS or (near in _SERVICES and not PROVIDERS.isdisjoint(before))
        return KEY if opens and not _NOT_KEYS.intersection(before) else None
    if head == "token" or (head == "tokens" and near in ("auth", "access", "api", "bearer", "refresh")):
        return None if _NOT_TOKENS.intersection(before) else TOKEN
    if head == "secret":
        return None if near in _NOT_SECRETS else SECRET
    if head in ("credential", "credentials"):
        return SECRET
    return _judge_other_head(head, near, before)


def _judge_other_head(head: str, near: str, before: list[str]) -> str | None:
    if head == "authorization":
        return TOKEN
    if head == "auth":
        return TOKEN if near in _AUTH_QUALIFIERS else None
    if head == "pat":
        return TOKEN if near in PROVIDERS or near in ("devops", "azuredevops") else None
    if head == "dsn" or (head == "webhook" and near in PROVIDERS):
        return URL
    if head in _LINK_WORDS and (near in _DATASTORES or near in ("webhook", "index", "connection", "backend")):
        return URL
    if head == "id" and near == "key" and "access" in before:
        return IDENTIFIER
    return None


def is_secret_name(name: str) -> bool:
    """Whether something of this name holds a secret (or, for URLs of stores and indexes, may hold one)."""
    return kind_of_name(name) is not None


def takes_password(called: str) -> bool:
    """Whether what is called hashes or sets the password that it is given first: `hash_password`, `user.set_password`,
    `bcrypt.hashpw`, `pwd_context.hash`."""
    owner, _, last = called.rpartition(".")
    if last == "hashpw":
        return True
    if last == "hash":
        return not _HASHERS.isdisjoint(words_of(owner))
    words = set(words_of(last))
    return bool(words & _PASSWORD_WORDS and words & _HASHING) and words <= _PASSWORD_WORDS | _HASHING | _AROUND_HASHING


def providers_in(name: str) -> frozenset[str]:
    """The providers that a name mentions."""
    return PROVIDERS.intersection(words_of(name))
