"""Conditional processing: analyse, process in one of three ways, finalise.

Each way is a worker, for workflows with branches; `route_processing` chooses one itself, for workflows that
are a chain.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from time import perf_counter
from typing import Any

from pydantic import BaseModel, Field

from workers import StepHandle, worker
from workers.connections.fields import HttpConnection
from workers.connections.models import Connection
from workers.library import measures
from workers.library.clock import now_text
from workers.library.faults import simulated
from workers.library.inputs import required
from workers.library.llm.workers import Question, asked

CATEGORY = "Examples/Conditional processing"
COMPLEX = 0.7
SENTENCES_SHOWN = 2
TERMS_SHOWN = 8
TERM_CHARS_MIN = 4
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
WORD = re.compile(r"[^\W\d_]+")

Analysis = dict[str, Any]


@worker("analyze_input", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def analyze_input(context: dict[str, Any]) -> dict[str, Any]:
    """Finds out what kind of data it is and how hard it is to handle.

    Reads `data` and `data_type`. Gives `original_data`, `analysis` (size, complexity from 0 to 1,
    data_type, requires_llm, priority) and `analysis_timestamp`.
    """
    data = required(context, "data")
    return {
        "original_data": data,
        "analysis": {
            "size": measures.size_of(data),
            "complexity": measures.complexity_of(data),
            "data_type": context.get("data_type") or measures.type_of(data),
            "requires_llm": needs_llm_processing(data),
            "priority": measures.priority_of(data),
        },
        "analysis_timestamp": now_text(),
    }


@worker("route_processing", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def route_processing(context: dict[str, Any]) -> dict[str, Any]:
    """Takes the way that suits the analysis, within one step.

    Reads `analysis` and `original_data`. Gives `processed_result`, `processing_type`,
    `processing_duration` (seconds) and `analysis_used`.
    """
    analysis = required(context, "analysis")
    if analysis.get("requires_llm"):
        return processed("llm_enhanced", context)
    is_complex = analysis.get("complexity", 0) > COMPLEX
    return processed("complex_analysis" if is_complex else "basic_processing", context)


class ModelParams(BaseModel):
    connection: HttpConnection = Field(
        "llm",
        description="The API that is asked, if there is a connection of this name.",
    )
    model: str = Field("gpt-4.1-mini", description="The model's name, as the API knows it.")


@worker(
    "process_with_llm",
    category=CATEGORY,
    title="Process with a language model",
    compensation="none",
    rehearsal="real",
)
@simulated
def process_with_llm(context: dict[str, Any], params: ModelParams, step: StepHandle) -> dict[str, Any]:
    """Sums running text up with a language model, or by word counts where no connection leads to one.

    Reads `original_data` and `analysis`. Gives what "Route processing" gives; its `asked_model` says which
    model was asked, and is null where none was.
    """
    result = {**processed("llm_enhanced", context), "asked_model": None}
    if not Connection.objects.filter(name=params.connection).exists():
        step.log(f"There is no connection {params.connection!r}: word counts stand in for a language model.")
        return result
    texts = " ".join(measures.texts_in(required(context, "original_data")))
    prompt = f"Sum this up in three sentences at most:\n\n{texts}"
    question = Question(connection=params.connection, model=params.model, prompt=prompt)
    answer, _ = asyncio.run(asked(question, step))
    result["processed_result"] = {**result["processed_result"], "llm_insights": answer.text}
    return {**result, "asked_model": answer.model or params.model}


@worker("complex_processing", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def complex_processing(context: dict[str, Any]) -> dict[str, Any]:
    """Takes deep or irregular data apart: its shape and the statistics of its numbers.

    Reads `original_data` and `analysis`. Gives what "Route processing" gives.
    """
    return processed("complex_analysis", context)


@worker("simple_processing", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def simple_processing(context: dict[str, Any]) -> dict[str, Any]:
    """Handles plain data: what it is and how much of it there is.

    Reads `original_data` and `analysis`. Gives what "Route processing" gives.
    """
    return processed("basic_processing", context)


@worker("finalize_results", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def finalize_results(context: dict[str, Any]) -> dict[str, Any]:
    """Puts the result and how it came about together.

    Reads `processed_result`, `processing_type` and `analysis`. Gives `final_results` and
    `finalization_timestamp`.
    """
    result = required(context, "processed_result")
    return {
        "final_results": {
            "result": result,
            "processing_type": context.get("processing_type", "unknown"),
            "priority": (context.get("analysis") or {}).get("priority", "normal"),
            "fingerprint": measures.fingerprint_of(result),
        },
        "finalization_timestamp": now_text(),
    }


def needs_llm_processing(data: Any) -> bool:
    """Whether the data states so under `requires_llm`, or contains running text."""
    if isinstance(data, dict) and isinstance(data.get("requires_llm"), bool):
        return bool(data["requires_llm"])
    return measures.is_prose(data)


def processed(way: str, context: dict[str, Any]) -> dict[str, Any]:
    started = perf_counter()
    result = WAYS[way](required(context, "original_data"))
    return {
        "processed_result": result,
        "processing_type": way,
        "processing_duration": round(perf_counter() - started, 6),
        "analysis_used": context.get("analysis") or {},
    }


def text_insights(data: Any) -> dict[str, Any]:
    """Extractive summary: the sentences with the most occurrences of frequent terms, in their order."""
    text = " ".join(measures.texts_in(data))
    terms = Counter(word for word in WORD.findall(text.lower()) if len(word) >= TERM_CHARS_MIN)
    sentences = SENTENCE_END.split(text.strip())
    weights = [sum(terms[word] for word in WORD.findall(sentence.lower())) for sentence in sentences]
    best = sorted(sorted(range(len(sentences)), key=lambda index: -weights[index])[:SENTENCES_SHOWN])
    total = sum(weights)
    return {
        "llm_insights": " ".join(sentences[index] for index in best),
        "key_terms": [term for term, _ in terms.most_common(TERMS_SHOWN)],
        "confidence": round(sum(weights[index] for index in best) / total, 2) if total else 0.0,
    }


def structure_analysis(data: Any) -> dict[str, Any]:
    kinds = Counter(measures.kind_of(value) for value, _ in measures.sampled(data))
    return {
        "complex_result": "structure and statistics of every value",
        "values_by_kind": dict(sorted(kinds.items())),
        "depth": max(depth for _, depth in measures.sampled(data)),
        "numbers": measures.statistics_of(measures.numbers_in(data)),
        "accuracy": measures.quality_of(data),
    }


def plain_summary(data: Any) -> dict[str, Any]:
    return {
        "simple_result": measures.type_of(data),
        "items": len(data) if isinstance(data, list | dict | str) else 1,
        "speed": "fast",
    }


WAYS = {
    "llm_enhanced": text_insights,
    "complex_analysis": structure_analysis,
    "basic_processing": plain_summary,
}
