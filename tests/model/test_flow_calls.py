"""Which calls carry text to a model, and which only look like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model.flowing import flows


def _names(tmp_path: Path, imports: str, call: str) -> list[str]:
    main = f"""
    {imports}

    @app.post("/x")
    def handle(q: str):
        return {call}
    """
    return [flow.call.name for flow in flows(tmp_path, main)]


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("import google.generativeai as g", "g.GenerativeModel('m').start_chat().send_message(q)"),
        ("from x import chat_model", "chat_model.start_chat(history=[]).send_message(q)"),
        ("from vertexai.language_models import TextGenerationModel as T", "T.from_pretrained('m').predict(q)"),
        ("import anthropic", "anthropic.Anthropic().completions.create(prompt=q, model='m')"),
        ("import boto3", "boto3.client('bedrock-agent-runtime').invoke_agent(inputText=q, agentId='a', sessionId='s')"),
        ("import boto3", "boto3.client('sagemaker-runtime').invoke_endpoint(Body=json.dumps({'inputs': q}))"),
        ("import together", "together.Complete.create(prompt=q, model='m')"),
        ("import chromadb", "chromadb.Client().get_collection('c').add(documents=[q], ids=['1'])"),
        ("import requests", "requests.post('http://llm/v1/completions', json={'model': 'm', 'prompt': q})"),
        ("import httpx", "httpx.Client().post('http://ollama:11434/api/chat', json={'model': 'm', 'messages': [q]})"),
        (
            "import urllib.request as u",
            "u.urlopen(u.Request('http://llm/api/generate', data=json.dumps({'model': 'm', 'prompt': q}).encode()))",
        ),
        ("from langchain_chroma import Chroma", "Chroma().add_texts([q])"),
        ("from x import get_llm", "get_llm().invoke(q)"),
        ("from huggingface_hub import InferenceClient as C", "C().summarization(q)"),
        ("from transformers import pipeline", "pipeline('question-answering', revision='1')(question='x', context=q)"),
        ("from autogen import UserProxyAgent as U", "U('u').initiate_chat(None, message=q)"),
        ("from claude_agent_sdk import query", "query(prompt=q)"),
        ("from llama_index.core import Document, VectorStoreIndex as V", "V.from_documents([Document(text=q)])"),
    ],
)  # fmt: skip
def test_calls_of_models(tmp_path: Path, imports: str, call: str) -> None:
    assert len(_names(tmp_path, imports, call)) == 1


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("import requests", "requests.post('http://crm/notes', json={'text': q})"),
        ("import chromadb", "chromadb.Client().get_collection('c').delete(ids=[q])"),
        ("from pymilvus import MilvusClient", "MilvusClient('u').insert('c', [{'note': q}])"),
        ("from transformers import AutoTokenizer", "AutoTokenizer.from_pretrained('m')(q)"),
        ("from x import repository", "repository.create(q)"),
        ("import boto3", "boto3.client('s3').put_object(Body=q)"),
        ("from llama_index.core import Document as D, VectorStoreIndex as V", "V.from_documents([D('x', doc_id=q)])"),
        # The service refuses more than 1000 characters.
        ("import boto3", "boto3.client('bedrock-agent-runtime').retrieve_and_generate(input={'text': q})"),
    ],
)  # fmt: skip
def test_calls_of_nothing_of_the_kind(tmp_path: Path, imports: str, call: str) -> None:
    assert _names(tmp_path, imports, call) == []


def test_a_loaded_model_is_named_as_the_program_names_it(tmp_path: Path) -> None:
    imports = "from transformers import AutoTokenizer, AutoModelForCausalLM\n    "
    imports += "tokenizer = AutoTokenizer.from_pretrained('m')\n    model = AutoModelForCausalLM.from_pretrained('m')"
    assert _names(tmp_path, imports, "model(**tokenizer(q, return_tensors='pt'))") == ["model"]
