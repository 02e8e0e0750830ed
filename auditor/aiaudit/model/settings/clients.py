"""Which clients refuse to be made without a credential, read it from the environment, or connect at once."""

from __future__ import annotations

import re

from aiaudit.patterns import regex
from aiaudit.values import dataclass

_KEY = r"(api_?key|\w*_api_key|token|api_token|credential\w*|auth)"


@dataclass(frozen=True, slots=True)
class Client:
    """A family of clients. `variables` are read from the environment when no argument is given. `refuses_none` and
    `refuses_empty`: making one without (or with an empty) credential raises. Empty: what the clients do when the
    argument is an empty text, which several take for a key."""

    pattern: re.Pattern[str]
    variables: tuple[str, ...] = ()
    refuses_none: bool = False
    refuses_empty: bool = False
    parameters: re.Pattern[str] = regex(_KEY)


def _client(
    pattern: str, variables: str = "", *, none: bool = True, empty: bool = False, parameters: str = _KEY
) -> Client:
    return Client(regex(pattern), tuple(variables.split()), none, empty, regex(parameters))


_LANGCHAIN = r"langchain\w*(\.\w+)*"
CLIENTS = (
    # openai 3.54.0, lib/azure.py:317-336: without a version or an address it raises as well.
    _client(r"openai\.(\w+\.)*(Async)?AzureOpenAI", "AZURE_OPENAI_API_KEY",
            parameters=_KEY + r"|azure_endpoint|api_version"),
    _client(r"openai\.(\w+\.)*(Async)?(OpenAI|Client)", "OPENAI_API_KEY"),
    _client(rf"{_LANGCHAIN}\.Azure(Chat)?OpenAI(Embeddings)?", "AZURE_OPENAI_API_KEY", empty=True),
    _client(rf"{_LANGCHAIN}\.(Chat)?OpenAI(Embeddings|Chat)?", "OPENAI_API_KEY"),
    _client(r"anthropic\.(\w+\.)*(Async)?Anthropic", "ANTHROPIC_API_KEY", none=False),
    _client(rf"{_LANGCHAIN}\.ChatAnthropic", "ANTHROPIC_API_KEY", none=False),
    _client(r"google\.genai\.(client\.)?Client", "GOOGLE_API_KEY GEMINI_API_KEY", empty=True),
    _client(r"google\.generativeai\.configure", "GOOGLE_API_KEY GEMINI_API_KEY", none=False),
    _client(rf"{_LANGCHAIN}\.(Chat)?GoogleGenerativeAI(Embeddings)?", "GOOGLE_API_KEY GEMINI_API_KEY", empty=True),
    _client(r"groq\.(\w+\.)*(Async)?Groq", "GROQ_API_KEY"),
    _client(rf"{_LANGCHAIN}\.ChatGroq", "GROQ_API_KEY"),
    _client(r"cohere\.(\w+\.)*(Async)?Client(V2)?", "CO_API_KEY"),
    _client(rf"{_LANGCHAIN}\.(Chat)?Cohere(Embeddings|Rerank)?", "COHERE_API_KEY CO_API_KEY"),
    _client(r"mistralai\.(\w+\.)*Mistral", "MISTRAL_API_KEY", none=False),
    _client(rf"{_LANGCHAIN}\.ChatMistralAI|{_LANGCHAIN}\.MistralAIEmbeddings", "MISTRAL_API_KEY", none=False),
    _client(r"together\.(\w+\.)*(Async)?Together", "TOGETHER_API_KEY"),
    _client(r"voyageai\.(\w+\.)*(Async)?Client", "VOYAGE_API_KEY"),
    _client(rf"{_LANGCHAIN}\.VoyageAI\w+", "VOYAGE_API_KEY"),
    _client(r"pinecone\.(\w+\.)*Pinecone(Async\w*)?|pinecone\.init", "PINECONE_API_KEY", empty=True),
    _client(r"tavily\.(\w+\.)*(Async)?TavilyClient|" + _LANGCHAIN + r"\.Tavily\w+", "TAVILY_API_KEY", empty=True),
    _client(rf"{_LANGCHAIN}\.HuggingFaceHub|{_LANGCHAIN}\.HuggingFaceEndpoint", "HUGGINGFACEHUB_API_TOKEN"),
    _client(r"huggingface_hub\.(\w+\.)*(Async)?InferenceClient", "HF_TOKEN", none=False),
    _client(r"llama_index\.(\w+\.)*OpenAI(Embedding)?", "OPENAI_API_KEY", none=False),
    _client(r"llama_parse\.(\w+\.)*LlamaParse", "LLAMA_CLOUD_API_KEY", empty=True),
    _client(r"haystack\.(\w+\.)*OpenAI\w+", "OPENAI_API_KEY"),
    _client(r"supabase\.(\w+\.)*a?create_(async_)?client", parameters=r"supabase_(url|key)|", empty=True),
    _client(r"sqlalchemy\.(\w+\.)*create_(async_)?engine|sqlmodel\.create_engine|" r"sqlalchemy\.engine_from_config",
            parameters=r"(url|name_or_url|)", empty=True),
    _client(r"databases\.(\w+\.)*Database", parameters=r"(url|)", empty=True),
    _client(r"tortoise\.(\w+\.)*(Tortoise\.init|RegisterTortoise|register_tortoise)", parameters=r"db_url", empty=True),
    _client(r"redis\.(\w+\.)*from_url", parameters=r"(url|)", empty=True),
    _client(r"tiktoken\.\w+|telegram\.\w+|discord\.\w+|aiogram\.Bot", parameters=r"(token|)", empty=True),
    _client(r"firebase_admin\.credentials\.Certificate", parameters=r"(cert|)", empty=True),
)  # fmt: skip
# Making one of these talks to the server: a wrong address or password shows at once.
CONNECTING = regex(
    r"(psycopg2?|psycopg2\.pool|pymysql|MySQLdb|mysql\.connector|asyncpg|aiomysql|oracledb|pyodbc|snowflake\.connector)"
    r"(\.\w+)*\.(connect|create_pool|connect_pool|SimpleConnectionPool|ThreadedConnectionPool)"
    r"|langchain\w*(\.\w+)*\.PG(Vector|VectorStore|Engine)(\.\w+)?|pymilvus\.(connections\.connect|MilvusClient)"
    r"|chromadb\.HttpClient|weaviate\.(connect_\w+|Client)|huggingface_hub\.(\w+\.)*login|langchain\w*(\.\w+)*\.Milvus"
    r"|langchain\w*(\.\w+)*\.PGVector\.(from_\w+)|langchain\w*(\.\w+)*\.Redis(VectorStore)?"
)


def client_of(path: str) -> Client | None:
    """The family that a callable belongs to."""
    for client in CLIENTS:
        if client.pattern.fullmatch(path):
            return client
    return None


def connects(path: str) -> bool:
    """Whether calling something opens a connection."""
    return CONNECTING.fullmatch(path) is not None
