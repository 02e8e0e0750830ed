"""The client says how many retrieved passages go into the prompt.

## What it does
Flags retrievals (vector stores, retrievers, search services, rerankers, queries that pgvector orders by a distance)
whose number of results is a number of the request without an upper limit, in routes that have a model write an answer
from what was found. Libraries' own
defaults are small (4 in LangChain, 2 in LlamaIndex, 10 in most stores), so a retrieval that says nothing is bounded.

These limits count: `le` and `lt` in the schema or the query parameter, `max_value` of serializers, validators and
checks that compare the number, and `min(top_k, 20)`.

Whole conversations are the business of unbounded-history.

## Why is this bad
`{"top_k": 5000}` turns one question into a prompt of millions of characters: the provider bills it or refuses it, the
store scans for it, and the service holds it all in memory.

## Example
```python
from fastapi import FastAPI
from langchain_chroma import Chroma
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, Field

app = FastAPI()
store = Chroma(embedding_function=OpenAIEmbeddings(timeout=20, max_retries=1))
llm = ChatOpenAI(model="gpt-4.1-mini", max_tokens=300, timeout=20, max_retries=1)


class Question(BaseModel):
    text: str = Field(max_length=2000)
    top_k: int = 5


@app.post("/ask")
def ask(question: Question):
    found = store.similarity_search(question.text, k=question.top_k)
    context = "\\n\\n".join(document.page_content for document in found)
    return {"answer": llm.invoke(f"{context}\\n\\n{question.text}").content}
```

## Use instead
```python
from fastapi import FastAPI
from langchain_chroma import Chroma
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, Field

app = FastAPI()
store = Chroma(embedding_function=OpenAIEmbeddings(timeout=20, max_retries=1))
llm = ChatOpenAI(model="gpt-4.1-mini", max_tokens=300, timeout=20, max_retries=1)


class Question(BaseModel):
    text: str = Field(max_length=2000)
    top_k: int = Field(default=5, ge=1, le=20)


@app.post("/ask")
def ask(question: Question):
    found = store.similarity_search(question.text, k=question.top_k)
    context = "\\n\\n".join(document.page_content for document in found)
    return {"answer": llm.invoke(f"{context}\\n\\n{question.text}").content}
```

## References
- https://genai.owasp.org/llmrisk/llm102025-unbounded-consumption/
- https://docs.pydantic.dev/latest/concepts/fields/#numeric-constraints
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.flow.retrieval import UnboundedContext
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="PRM103",
    name="unbounded-context",
    summary="The client says how many retrieved passages go into the prompt",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(UnboundedContext)
def unbounded_context(context: UnboundedContext) -> Iterator[Finding]:
    """One finding a retrieval."""
    yield rule.at(
        context.span,
        f"{context.number.description} sets {context.parameter} of {context.name} with no upper limit,"
        f" and what is found goes to {context.model}",
        help="limit the number in the schema, `Field(default=5, ge=1, le=20)`, or take min(number, 20)",
        trace=context.steps,
    )
