"""Which calls ask a model: what the knowledge says, and the verbs of libraries that have no other purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.model.flow.words import words
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Call
from aiaudit.model.values import External

# What costs money or a processor for seconds each time that it is asked.
COSTLY = frozenset(("llm", "embedding", "generation-local", "speech", "image", "rerank", "agent", "chain"))
# Libraries of models: what one of these verbs does with an object of theirs asks a model, whether or not more is known.
MODEL_LIBRARIES = words(
    "openai anthropic google cohere groq mistralai ollama litellm replicate together fireworks voyageai "
    "huggingface_hub transformers sentence_transformers InstructorEmbedding FlagEmbedding fastembed vllm "
    "llama_cpp ctransformers gpt4all langchain langchain_core langchain_community langchain_openai "
    "langchain_anthropic langchain_aws langchain_google_genai langchain_google_vertexai langchain_groq "
    "langchain_huggingface langchain_ollama langchain_mistralai langchain_cohere langchain_pinecone "
    "langchain_chroma langchain_postgres langchain_qdrant langchain_classic langchain_experimental langgraph "
    "llama_index haystack haystack_integrations dspy crewai agno phi autogen autogen_agentchat pydantic_ai "
    "smolagents agents semantic_kernel instructor guidance embedchain mem0 whisper faster_whisper whisperx TTS "
    "piper kokoro bark diffusers vertexai dashscope zhipuai qianfan cerebras azure ai21 sambanova optimum "
    "auto_gptq exllamav2 mlx_lm tensorrt_llm ragas gliner spacy ultralytics"
)
ASKING = words(
    "generate agenerate generate_content generate_content_async generate_response invoke ainvoke stream astream "
    "astream_events stream_events batch abatch predict apredict predict_messages run arun acall call __call__ "
    "complete acomplete stream_complete chat achat stream_chat astream_chat query aquery retrieve aretrieve "
    "encode embed embed_query embed_documents aembed_query aembed_documents embed_text embed_texts "
    "get_text_embedding aget_text_embedding get_query_embedding similarity_search asimilarity_search "
    "similarity_search_with_score asimilarity_search_with_score similarity_search_with_relevance_scores "
    "max_marginal_relevance_search get_relevant_documents aget_relevant_documents add_documents aadd_documents "
    "add_texts aadd_texts from_documents afrom_documents from_texts afrom_texts transcribe translate tts "
    "tts_to_file synthesize kickoff kickoff_async initiate_chat a_initiate_chat send_message send_message_async "
    "text_generation chat_completion feature_extraction completion acompletion embedding aembedding create "
    "acreate run_sync run_stream run_streamed rerank compute_score prompt converse invoke_model extract "
    "start_chat inference inference_stream full_inference"
)
# Calls on a model that ask it nothing.
PREPARING = words(
    "cuda cpu to eval half float train load from_pretrained compile bind_tools with_structured_output"
)
_TOKENIZER = re.compile(r"token", re.IGNORECASE)


def model_calls(side: PythonSide) -> Iterator[Call]:
    """The calls of the program that ask a model."""
    for known in side.known:
        name = known.entry.path.rpartition(".")[2]
        if known.entry.purpose in COSTLY and known.entry.kind == "call" and name not in PREPARING:
            yield known.call
    for name in sorted(ASKING):
        for call in side.program.calls_by_name.get(name, ()):
            if any(
                isinstance(value, External) and _is_of_model_library(value.path)
                for value in side.evaluator.evaluate(call.expression[2], call.scope)
            ):
                yield call


def _is_of_model_library(path: str) -> bool:
    return path.partition(".")[0] in MODEL_LIBRARIES and not _TOKENIZER.search(path)
