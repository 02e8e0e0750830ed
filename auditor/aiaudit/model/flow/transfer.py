"""What calls of code outside the program do to text: pass it on, cut it into pieces, bound it, or swallow it."""

from __future__ import annotations

import re
from functools import lru_cache

from aiaudit.model.flow.words import words
from aiaudit.patterns import regex

# The text of the object and of the arguments goes on (PASS), goes on in pieces (CUT), comes out short (BOUND) or not at
# all (STOP); the result is the content of the file (READ), or what lies behind the address (FETCH), that is given.
PASS, CUT, BOUND, STOP, READ, FETCH = "pass", "cut", "bound", "stop", "read", "fetch"


# Libraries whose calls give text back that is about as long as what they get.
_PASSING = regex(
    r"(re|regex|json|orjson|ujson|simplejson|html|textwrap|unicodedata|urllib\.parse|base64|string|codecs|copy|itertools"
    r"|functools|collections|io|ast|csv|yaml|toml|pprint|markdown|markdownify|html2text|bs4|bleach|ftfy|emoji|unidecode"
    r"|inspect\.cleandoc|mako|presidio_anonymizer|langfuse\.(Langfuse|get_client)\(\)\.get_prompt\(\)"
    r"|jinja2|chardet|charset_normalizer|numpy|torch|pandas|pydantic|dataclasses|msgspec|attrs?|typing|asyncio|anyio"
    r"|contextlib|more_itertools|toolz|humps|inflection|slugify|sanitize|PIL|nltk|opencc|contractions"
    r"|langchain_core\.(messages|prompts|prompt_values|documents|output_parsers|load)|langchain\.(schema|prompts|docstore)"
    r"|langchain_core\.runnables\.(RunnablePassthrough|RunnableLambda|RunnableParallel)"
    r"|llama_index\.core\.(Document|schema|prompts|llms\.ChatMessage|base\.llms\.types|chat_engine\.types|PromptTemplate"
    r"|ChatPromptTemplate|ingestion|node_parser|storage\.docstore)|llama_index\.core\.llms\.(ChatMessage|MessageRole)"
    r"|haystack\.(Document|dataclasses|components\.(builders|converters|preprocessors|joiners))"
    r"|google\.(genai|generativeai)\.types|google\.generativeai\.protos|vertexai\.generative_models\.(Part|Content)"
    r"|openai\.types|anthropic\.types|cohere\.types|mistralai\.models|ollama\.Message|litellm\.types|groq\.types"
    r"|azure\.ai\.inference\.models|semantic_kernel\.contents|autogen_core\.models|autogen_agentchat\.messages"
    r"|transformers\.\w*Tokenizer\w*(\.from_pretrained)?\(\)|tokenizers\.Tokenizer(\.from_\w+)?\(\)|tiktoken"
    r"|sentencepiece|llama_cpp\.llama_types|vllm\.(inputs|TextPrompt|TokensPrompt)|graphql|werkzeug|markupsafe|django\.utils"
    r"|rest_framework|flask_wtf|wtforms|marshmallow|starlette|fastapi|sse_starlette|pathlib|os\.fspath|os\.path\.abspath"
    r"|crewai\.(Task|Agent|Crew)|langgraph\.graph\.message|langgraph\.types\.Command|requests\.Request|mcp\.types|a2a\.types"
    r")(?!\w)"
)
_BUILTIN_PASSING = words(
    "str repr bytes bytearray memoryview list tuple set frozenset dict sorted reversed iter next aiter anext "
    "enumerate zip map filter format getattr vars ascii"
)
# Calls that most programs have, and many have no others: no expression has to be compiled for them.
_OFTEN = frozenset(("json.dumps", "json.loads", *(f"builtins.{name}" for name in _BUILTIN_PASSING)))
# Readers of files and documents: the text comes from the file that the first argument names or is.
_READING = regex(
    r"builtins\.open|io\.open|aiofiles\.open|anyio\.open_file|codecs\.open|pathlib\.\w*Path\(\)\.(open|read_\w+)|"
    r"(pypdf|PyPDF2|pdfplumber|fitz|pymupdf|pymupdf4llm|pdfminer|docx|docx2txt|docx2python|pptx|openpyxl|textract|ebooklib|"
    r"unstructured|tika|mammoth|markitdown|docling|pikepdf|zipfile|tarfile|odf|striprtf|extract_msg|kreuzberg|xlrd|"
    r"langchain(_community)?\.document_loaders|langchain_unstructured|langchain_docling|llama_index\.core\.(readers\.file|"
    r"SimpleDirectoryReader)|llama_index\.core\.readers|llama_index\.readers|llama_parse|pandas\.read_\w+|haystack\.components\."
    r"(fetchers|converters))\b"
)
_FETCHING = regex(
    r"(requests|httpx2?|niquests|aiohttp|urllib3|curl_cffi|cloudscraper|playwright|selenium)\b.*\.(get|goto|urlopen)$|"
    r"(requests|httpx2?|niquests)\.get$|urllib\.request\.(urlopen|urlretrieve)$|trafilatura\.fetch_url$|newspaper\.Article$|"
    r".*document_loaders\..*(WebBaseLoader|UnstructuredURLLoader|RecursiveUrlLoader|YoutubeLoader|AsyncHtmlLoader|"
    r"SeleniumURLLoader|PlaywrightURLLoader|AsyncChromiumLoader|SitemapLoader|NewsURLLoader|OnlinePDFLoader|FireCrawlLoader)\b|"
    r".*readers\.web\b|firecrawl\b|crawl4ai\b|pytube\b|youtube_transcript_api\b"
)
_CUTTING = regex(
    r"text_splitter|TextSplitter|node_parser|NodeParser|SentenceSplitter|TokenSplitter|DocumentSplitter|semantic_text_splitter|"
    r"chonkie|langchain_experimental\.text_splitter|semchunk|RecursiveChunker|DocumentPreprocessor|nltk\.\w*sent_tokenize"
)
_BOUNDING = regex(
    r"textwrap\.shorten$|truncatechars|Truncator|trim_messages|get_buffer_string_window|truncate|shorten|hashlib\b|hash$|"
    r"slugify|secure_filename|uuid\b|zlib\.crc32|math\b|operator\.length_hint"
)

# Methods that give (a part of) the text of the object they are called on, when nothing is known of the object.
TEXT_METHODS = words(
    "strip lstrip rstrip lower upper title capitalize casefold swapcase replace translate expandtabs zfill "
    "removeprefix removesuffix encode decode splitlines split rsplit partition rpartition read readlines readline "
    "getvalue tobytes format format_map join get pop values items keys copy most_common popleft setdefault "
    "getlist to to_dict to_list tolist dict json model_dump model_dump_json asdict as_dict cpu numpy load "
    "lazy_load aload alazy_load load_data aload_data extract_text get_text get_textpage text content result ljust "
    "rjust center __str__ to_string to_messages popitem flatten unsqueeze squeeze reshape long int cuda input_ids "
    "detach contents getbuffer readall to_json to_text export_to_markdown get_content iter_bytes aiter_bytes "
    "apply map _asdict write_text dumps serialize _mapping"
)
# Of these the ones whose result is the same text in another form, for which no field of a request is named.
SAME_TEXT = words("strip lstrip rstrip lower upper title capitalize casefold encode decode tobytes")
# Methods that put their arguments into a text or list which they give back.
BUILDING_METHODS = words(
    "format format_map join replace format_messages format_prompt aformat_prompt aformat_messages render "
    "render_async from_template from_messages partial sub subn substitute safe_substitute apply_chat_template "
    "from_text from_user from_system from_assistant create_documents from_string from_bytes from_uri build_prompt "
    "encode batch_encode_plus encode_plus tokenize batch_decode decode convert_tokens_to_string model_validate "
    "model_validate_json parse_obj parse_raw model_construct from_orm validate load loads dumps feed insert "
    "extend append concat setdefault union merge"
)
# Of these the ones that texts and templates alone have: they put their arguments into the text.
FILLING_METHODS = words("format format_map substitute safe_substitute join")
# Methods that tokenizers alone have, whatever holds the tokenizer: `pipe.tokenizer`, `llm.get_tokenizer()`.
TOKENIZING = words("apply_chat_template batch_encode_plus encode_plus")
# Names of unknown functions that work on text and give it back.
_WORKING = regex(
    r"(^|_)(clean|normali[sz]e|sanitize|preprocess|pre_process|format|render|build|make|prepare|compose|wrap|translate|strip|"
    r"convert|transform|parse|extract|to|as|split|join|concat|escape|unescape|encode|decode|tokenize|create_prompt|prompt|"
    r"messages?|expand|replace|remove|apply|load|loads|dumps?|read)(_|$)",
    re.IGNORECASE,
)
_SHORTENING = regex(
    r"trunc|shorten|trim|clip|limit|cut_|_cut|crop|(^|_)head(_|$)|first_n|max_len|abbreviat|ellipsi", re.IGNORECASE
)
_CUTTING_OWN = regex(
    r"trunc|shorten|abbreviat|(trim|limit|clip|cap)_(to|messages?|history|context|tokens?|length|prompt|conversation)",
    re.IGNORECASE,
)
_CHUNKING = regex(r"chunk|split_text|split_doc|text_split|sentences|paragraphs", re.IGNORECASE)


@lru_cache(maxsize=10_000)
def outside(path: str) -> str:
    """What a call of something outside the program does to text: most calls are of a few things, such as `json`."""
    if path in _OFTEN:
        return PASS
    if _BOUNDING.search(path):
        return BOUND
    if _CUTTING.search(path):
        return CUT
    if _FETCHING.match(path):
        return FETCH
    if _READING.match(path):
        return READ
    if _PASSING.match(path):
        return PASS
    return STOP


def cuts_outside(path: str) -> bool:
    """Whether a call of something outside the program cuts text into pieces."""
    return _CUTTING.search(path) is not None and outside(path) == CUT


def cuts(name: str) -> bool:
    """Whether a function of the program says by its name that it cuts: those that strip spaces are called trim, too."""
    return _CUTTING_OWN.search(name) is not None


def unknown(name: str) -> str:
    """What a call of an unknown function probably does, by its name."""
    if _SHORTENING.search(name):
        return BOUND
    if _CHUNKING.search(name):
        return CUT
    return PASS if _WORKING.search(name) else STOP


def carries(name: str) -> bool:
    """Whether an outside class of an unknown library carries what it is given: `Message(...)`, `Document(...)`."""
    return name[:1].isupper() and not name.isupper() and not _ACTIVE.search(name)


# Classes that do something with text instead of carrying it.
_ACTIVE = regex(r"Client|Session|Engine|Error|Exception|Thread|Lock|Task|Process|Store|Index|Retriev|Response|Token")
