"""Calls as each family of models writes them, near misses beside them, and a round trip through published templates."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.models import stories
from tidegate.chat import JSON, Message, Prompt, Role, Tool, ToolCall
from tidegate.engines.families import Family, Read, family_of, marks_of, read
from tidegate.engines.prompted import in_words
from tidegate.engines.template import ChatTemplate
from tidegate.engines.toolcalls import parse

OSLO: JSON = {"city": "Oslo"}
QUOTE = '<|"|>'
SHOWN = [
    (Family.TAGGED, '<tool_call>{"name": "Rain", "arguments": {"city": "Oslo"}}'),
    (Family.HERMES, '<tool_call>\n{"name": "Rain", "arguments": {"city": "Oslo"}}\n</tool_call>'),
    (
        Family.CODER,
        "<tool_call>\n<function=Rain>\n<parameter=city>\nOslo\n</parameter>\n</function>\n</tool_call>",
    ),
    (Family.LLAMA, '{"name": "Rain", "parameters": {"city": "Oslo"}}'),
    (Family.LLAMA, '<|python_tag|>{"name": "Rain", "parameters": {"city": "Oslo"}}'),
    (Family.MISTRAL, '[TOOL_CALLS][{"name": "Rain", "arguments": {"city": "Oslo"}, "id": "123456789"}]'),
    (Family.MISTRAL, '[TOOL_CALLS] [{"name": "Rain", "arguments": "{\\"city\\": \\"Oslo\\"}"}]'),
    (Family.MINISTRAL, '[TOOL_CALLS]Rain[ARGS]{"city": "Oslo"}'),
    (Family.GEMMA, f"<|tool_call>call:Rain{{city:{QUOTE}Oslo{QUOTE}}}<tool_call|>"),
    (Family.GEMMA, "<start_function_call>call:Rain{city:<escape>Oslo<escape>}<end_function_call>"),
    (Family.GEMMA, '<tool_call>\n{"name": "Rain", "arguments": {"city": "Oslo"}}\n</tool_call>'),
    (
        Family.PROMPTED,
        'Let me look.\n<tool_call>\n{"name": "Rain", "arguments": {"city": "Oslo"}}\n</tool_call>',
    ),
]


@pytest.mark.parametrize(("family", "raw"), SHOWN)
def test_a_call_is_read_as_its_family_writes_it(family: Family, raw: str) -> None:
    found = read(raw, family)
    assert found is not None
    assert found.calls == (("Rain", OSLO),)
    assert found.text == ("Let me look." if raw.startswith("Let") else "")


@pytest.mark.parametrize(
    ("family", "raw"),
    [
        (Family.LLAMA, '{"name": "A", "parameters": {}}; {"name": "B", "parameters": {}}'),
        (Family.MISTRAL, '[TOOL_CALLS][{"name": "A", "arguments": {}}, {"name": "B", "arguments": {}}]'),
        (Family.MINISTRAL, "[TOOL_CALLS]A[ARGS]{}[TOOL_CALLS]B[ARGS]{}"),
        (Family.GEMMA, "<|tool_call>call:A{}<tool_call|><|tool_call>call:B{}<tool_call|>"),
        (
            Family.CODER,
            "<tool_call><function=A></function></tool_call><tool_call><function=B></function></tool_call>",
        ),
    ],
)
def test_several_calls_are_read_in_order(family: Family, raw: str) -> None:
    assert read(raw, family) == Read("", (("A", {}), ("B", {})))


@pytest.mark.parametrize(
    ("family", "raw"),
    [
        (Family.LLAMA, '<|python_tag|>{"name": '),
        (Family.LLAMA, '{"name": "A", "parameters": {}} and more'),
        (Family.MISTRAL, "[TOOL_CALLS]"),
        (Family.MISTRAL, '[TOOL_CALLS][{"name": 7}]'),
        (Family.GEMMA, "<|tool_call>call:A{city:Oslo}<tool_call|>"),
        (Family.GEMMA, "<|tool_call>call:A{"),
        (Family.GEMMA, f"<|tool_call>call:A{{x:{'[' * 200}"),
        (Family.CODER, "<tool_call><function=A>loose words</function></tool_call>"),
        (Family.CODER, "<tool_call><function=A>"),
    ],
)
def test_a_call_that_was_begun_and_is_none_is_told_apart_from_text(family: Family, raw: str) -> None:
    assert read(raw, family) is None


@pytest.mark.parametrize(
    ("family", "raw"),
    [
        (Family.LLAMA, '{"answer": 42}'),
        (Family.LLAMA, "It rains in Oslo."),
        (Family.MISTRAL, "TOOL_CALLS are fun"),
        (Family.GEMMA, "call:me{maybe}"),
        (Family.HERMES, "use <tools>"),
    ],
)
def test_text_that_only_looks_similar_stays_text(family: Family, raw: str) -> None:
    assert read(raw, family) == Read(raw)


@given(
    st.text(max_size=60),
    st.sampled_from([raw for _, raw in SHOWN]),
    st.integers(0, 90),
    st.sampled_from(Family),
)
def test_no_output_whatever_makes_a_reader_fail(noise: str, raw: str, cut: int, family: Family) -> None:
    for text in (noise, raw[:cut] + noise, noise + raw[cut:]):
        read(text, family)


def test_values_come_in_the_types_of_the_schema() -> None:
    schema = {"properties": {"n": {"type": "integer"}, "on": {"type": "boolean"}, "tags": {"type": "array"}}}
    raw = (
        "<tool_call>\n<function=Set>\n<parameter=n>\n5\n</parameter>\n<parameter=on>\ntrue\n</parameter>\n"
        '<parameter=tags>\n["a"]\n</parameter>\n</function>\n</tool_call>'
    )
    call = parse(raw, (Tool("Set", "", json.dumps(schema)),), lambda: "id", Family.CODER).calls[0]
    assert json.loads(call.arguments) == {"n": 5, "on": True, "tags": ["a"]}


def test_gemmas_values_may_be_nested_and_hold_anything() -> None:
    raw = f"<|tool_call>call:F{{a:{{b:[1,-2.5,true,null]}},c:{QUOTE}}}, :{QUOTE}}}<tool_call|>"
    assert read(raw, Family.GEMMA) == Read("", (("F", {"a": {"b": [1, -2.5, True, None]}, "c": "}, :"}),))


PUBLISHED = {
    "Qwen-Qwen2.5-7B-Instruct": Family.HERMES,
    "Qwen-Qwen3-0.6B": Family.HERMES,
    "Qwen3-Coder": Family.CODER,
    "NousResearch-Hermes-3-Llama-3.1-8B-tool_use": Family.HERMES,
    "meta-llama-Llama-3.1-8B-Instruct": Family.LLAMA,
    "meta-llama-Llama-3.2-3B-Instruct": Family.LLAMA,
    "mistralai-Mistral-Nemo-Instruct-2407": Family.MISTRAL,
    "mistralai-Ministral-3-14B-Reasoning-2512": Family.MINISTRAL,
    "unsloth-mistral-Devstral-Small-2507": Family.MINISTRAL,
    "google-gemma-4-31B-it": Family.GEMMA,
    "google-gemma-2-2b-it": Family.PROMPTED,
    "microsoft-Phi-3.5-mini-instruct": Family.PROMPTED,
}


@pytest.mark.shared
@pytest.mark.parametrize(("name", "family"), PUBLISHED.items())
def test_what_a_published_template_writes_is_read_back(name: str, family: Family) -> None:
    source = (stories().parents[1] / "vocab/templates" / f"{name}.jinja").read_text("utf-8")
    assert family_of(source) is family
    tool = Tool("Rain", "Says whether it rains.", '{"type":"object","properties":{"city":{"type":"string"}}}')
    prompt = Prompt(
        (
            Message(Role.USER, "does it rain?"),
            Message(Role.ASSISTANT, "", (ToolCall("call_0123456789abcdef", "Rain", '{"city": "Oslo"}'),)),
            Message(Role.TOOL, "yes", tool_call_id="call_0123456789abcdef"),
        ),
        (tool,),
    )
    template = ChatTemplate(source, bos="<s>", eos="</s>")
    said = in_words(prompt, system=template.takes_system) if family is Family.PROMPTED else prompt
    text = "".join(segment.text for segment in template.render(said))
    marks, whole = marks_of(family)
    mark = '{"name": "Rain", "parameters"' if whole else next(m for m in marks if m in text)
    raw = text[text.rindex(mark) :]
    for end in ("<|im_end|>", "<|eot_id|>", "</s>", "<|tool_response>", "<end_of_turn>", "<|end|>"):
        raw = raw.partition(end)[0]
    found = parse(raw.strip(), (tool,), lambda: "id", family)
    assert [(c.name, json.loads(c.arguments)) for c in found.calls] == [("Rain", OSLO)]
    assert "yes" in text
