"""What becomes of every field of every endpoint. The page in docs, the OpenAPI document and the tests are made from here.

`sample` is a value of the field as JSON, `beside` what else has to stand in the body for it to mean something. A test sends
each sample: an honoured field changes the call or what is written, an ignored one changes nothing, a refused one is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Treatment(StrEnum):
    HONOURED = "honoured"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Field:
    treatment: Treatment
    note: str
    sample: str
    beside: str = ""


def _yes(note: str, sample: str, beside: str = "") -> Field:
    return Field(Treatment.HONOURED, note, sample, beside)


def _idle(note: str, sample: str) -> Field:
    return Field(Treatment.IGNORED, note, sample)


def _no(note: str, sample: str = '{"a":1}') -> Field:
    return Field(Treatment.REFUSED, note, sample)


_MODEL = (
    "`tidegate` (Tidegate decides), `tidegate-local` (never leaves the device), or the local model's own name"
)
_CHAT_TOOL = '"tools":[{"type":"function","function":{"name":"a"}}]'
_ITEM_TOOL = '"tools":[{"type":"function","name":"a","parameters":{}}]'
_BLOCK_TOOL = '"tools":[{"name":"a","input_schema":{}}]'
_NO_PENALTIES = "the embedded models are sampled without penalties"
_NO_IDS = "token ids differ between models"
_NOT_KEPT = "stays on the device and is not kept"
_STAYS = "never leaves the device"
_CACHE = "prefixes are reused without it"
_TIER = "there is one"
_STREAM = "server-sent events; an answer that must stay here is told while it is written, any other when it has been checked"
_NO_HOSTED = "tools and data of a provider are not here"
_COLD = "0 when absent: the same question gets the same answer"

CHAT: Mapping[str, Field] = {
    "model": _yes(_MODEL, '"tidegate-local"'),
    "messages": _yes("roles system, developer, user, assistant, tool; text only, as a string or as text parts", '[{"role":"user","content":"other"}]'),
    "tools": _yes("functions; `strict` is accepted, every schema is enforced as far as the engine can", '[{"type":"function","function":{"name":"a"}}]'),
    "tool_choice": _yes("none, auto, required, or one function", '"required"', _CHAT_TOOL),
    "parallel_tool_calls": _yes("false: at most the first call is returned", "false"),
    "response_format": _yes("text, json_object, json_schema", '{"type":"json_object"}'),
    "stream": _yes(_STREAM, "true"),
    "stream_options": _yes("`include_usage`; `include_obfuscation` is ignored", '{"include_usage":true}', '"stream":true'),
    "max_tokens": _yes("at most this many; 256 when absent", "7"),
    "max_completion_tokens": _yes("the same; wins over `max_tokens`", "7", '"max_tokens":9'),
    "n": _yes("1 to 8 choices, each with its own seed (and its own escalation, if any)", "2"),
    "stop": _yes("one, or up to four", '["x","y"]'),
    "seed": _yes("repeats a local draft", "7"),
    "temperature": _yes(_COLD, "0.5"),
    "top_p": _yes("for local drafts", "0.5"),
    "logprobs": _yes("for answers of the device; null for the cloud's", "true"),
    "top_logprobs": _yes("0 to 20", "2", '"logprobs":true'),
    "tidegate": _yes("ours: `tools: \"device\"` lets the daemon run its own tools ([agent](agent.md))", '{"tools":"device"}'),
    "modalities": _yes("text; anything else is refused", '["audio"]'),
    "frequency_penalty": _idle(_NO_PENALTIES, "0.5"),
    "presence_penalty": _idle(_NO_PENALTIES, "-0.5"),
    "logit_bias": _idle(_NO_IDS, '{"1":2}'),
    "metadata": _idle(_NOT_KEPT, '{"a":"b"}'),
    "prediction": _idle("a hint about speed only", '{"type":"content","content":"x"}'),
    "prompt_cache_key": _idle(_CACHE, '"x"'),
    "prompt_cache_options": _idle(_CACHE, '{"mode":"implicit"}'),
    "prompt_cache_retention": _idle(_CACHE, '"24h"'),
    "reasoning_effort": _idle("the embedded models do not reason aloud", '"low"'),
    "safety_identifier": _idle(_STAYS, '"x"'),
    "service_tier": _idle(_TIER, '"auto"'),
    "store": _yes("false: this device does not remember the turn either ([memory](memory.md)); nothing is stored for OpenAI", "false"),
    "user": _idle(_STAYS, '"x"'),
    "verbosity": _idle("use max_tokens", '"low"'),
    "audio": _no("text only"),
    "function_call": _no("deprecated by OpenAI: use `tool_choice`"),
    "functions": _no("deprecated by OpenAI: use `tools`", "[]"),
    "moderation": _no("the device's policy and the cloud's checks take its place"),
    "web_search_options": _no("nothing here searches the web"),
}  # fmt: skip

COMPLETIONS: Mapping[str, Field] = {
    "model": _yes(_MODEL, '"tidegate-local"'),
    "prompt": _yes("a text or several; each is one user turn of its own conversation; token ids are refused", '["other","more"]'),
    "best_of": _yes("1; more is refused", "2"),
    "echo": _yes("the prompt stands before its answer; not together with `logprobs`", "true"),
    "logprobs": _yes("0 to 5, for answers of the device", "1"),
    "max_tokens": _yes("at most this many; 256 when absent (OpenAI: 16)", "7"),
    "n": _yes("1 to 8, and at most 8 choices for all prompts together", "2"),
    "seed": _yes("repeats a local draft", "7"),
    "stop": _yes("one, or up to four", '"x"'),
    "stream": _yes(_STREAM, "true"),
    "stream_options": _yes("`include_usage`; `include_obfuscation` is ignored", '{"include_usage":true}', '"stream":true'),
    "temperature": _yes(_COLD, "0.5"),
    "top_p": _yes("for local drafts", "0.5"),
    "frequency_penalty": _idle(_NO_PENALTIES, "0.5"),
    "presence_penalty": _idle(_NO_PENALTIES, "0.5"),
    "logit_bias": _idle(_NO_IDS, '{"1":2}'),
    "user": _idle(_STAYS, '"x"'),
    "suffix": _no("the embedded models do not fill gaps", '"x"'),
}  # fmt: skip

EMBEDDINGS: Mapping[str, Field] = {
    "model": _yes("`embedding`", '"other"'),
    "input": _yes("a text, or up to 2048; of each its first 256 pieces (about 180 words) are read; token ids are refused", '["a","b"]'),
    "encoding_format": _yes("float or base64 (little-endian float32)", '"base64"'),
    "dimensions": _yes("384; anything else is refused: these vectors lose their meaning when they are cut", "256"),
    "user": _idle(_STAYS, '"x"'),
}  # fmt: skip

RESPONSES: Mapping[str, Field] = {
    "model": _yes(_MODEL, '"tidegate-local"'),
    "input": _yes("a text, or items: message, function_call, function_call_output; reasoning items are left out, others refused; text only", '[{"role":"user","content":"other"}]'),
    "instructions": _yes("a system turn before the input", '"be brief"'),
    "tools": _yes("functions; `strict` is accepted, every schema is enforced as far as the engine can", '[{"type":"function","name":"a","parameters":{}}]'),
    "tool_choice": _yes("none, auto, required, or one function", '"required"', _ITEM_TOOL),
    "parallel_tool_calls": _yes("false: at most the first call is returned", "false"),
    "text": _yes("`format`: text, json_object, json_schema; `verbosity` is ignored", '{"format":{"type":"json_object"}}'),
    "include": _yes("`message.output_text.logprobs`; anything else is left out", '["message.output_text.logprobs"]'),
    "max_output_tokens": _yes("at most this many; 256 when absent", "7"),
    "metadata": _yes("comes back in the response; not kept", '{"a":"b"}'),
    "stream": _yes("server-sent events in OpenAI's order, numbered; an answer that must stay here is told while it is written, any other when it has been checked", "true"),
    "temperature": _yes(_COLD, "0.5"),
    "top_logprobs": _yes("0 to 20, with `include`", "2", '"include":["message.output_text.logprobs"]'),
    "top_p": _yes("for local drafts", "0.5"),
    "background": _yes("false; true is refused: what has to wait becomes a ticket by itself", "true"),
    "previous_response_id": _yes("a response that this device remembers: its conversation stands before the input, its instructions do not", '"resp_1"'),
    "conversation": _yes("a name of the application's own, or an id this device gave; not together with `previous_response_id`", '"c1"'),
    "stream_options": _idle("`include_obfuscation` protects traffic that leaves a machine", '{"include_obfuscation":true}'),
    "access_programs": _idle(_NO_HOSTED, '{"cyber":"standard"}'),
    "max_tool_calls": _idle("tools are the application's: it counts them", "3"),
    "prompt_cache_key": _idle(_CACHE, '"x"'),
    "prompt_cache_options": _idle(_CACHE, '{"mode":"implicit"}'),
    "prompt_cache_retention": _idle(_CACHE, '"24h"'),
    "reasoning": _idle("the embedded models do not reason aloud", '{"effort":"low"}'),
    "safety_identifier": _idle(_STAYS, '"x"'),
    "service_tier": _idle(_TIER, '"auto"'),
    "store": _yes("where this device remembers the application ([memory](memory.md)): true unless it says false; `GET` and `DELETE /v1/responses/{id}`", "false"),
    "truncation": _idle("what does not fit is an error that says so", '"auto"'),
    "user": _idle(_STAYS, '"x"'),
    "background_options": _no("see `background`"),
    "context_management": _no("send the items that matter"),
    "image": _no("text only"),
    "moderation": _no("the device's policy and the cloud's checks take its place"),
    "prompt": _no(_NO_HOSTED),
}  # fmt: skip

MESSAGES: Mapping[str, Field] = {
    "model": _yes(_MODEL, '"tidegate-local"'),
    "messages": _yes("text, tool_use and tool_result blocks; thinking blocks are left out, others refused", '[{"role":"user","content":"other"}]'),
    "max_tokens": _yes("at most this many; required, as Anthropic has it", "7"),
    "system": _yes("a text, or text blocks", '"be brief"'),
    "stop_sequences": _yes("up to four; the answer ends before it, and `stop_reason` says end_turn", '["x"]'),
    "stream": _yes("server-sent events in Anthropic's order; an answer that must stay here is told while it is written, any other when it has been checked", "true"),
    "temperature": _yes(_COLD, "0.5"),
    "top_p": _yes("for local drafts", "0.5"),
    "tools": _yes("the application's own; a provider's are refused", '[{"name":"a","input_schema":{}}]'),
    "tool_choice": _yes("auto, any, tool, none; `disable_parallel_tool_use`: at most the first call is returned", '{"type":"any"}', _BLOCK_TOOL),
    "output_config": _yes("`format`: json_schema; `effort` is ignored", '{"format":{"type":"json_schema","schema":{"type":"object"}}}'),
    "top_k": _idle("the embedded models are sampled by probability alone", "5"),
    "cache_control": _idle(_CACHE, '{"type":"ephemeral"}'),
    "diagnostics": _idle(_NO_HOSTED, "{}"),
    "inference_geo": _idle("the operator's policy says where", '"eu"'),
    "metadata": _idle(_STAYS, '{"user_id":"x"}'),
    "service_tier": _idle(_TIER, '"auto"'),
    "speed": _idle(_TIER, '"standard"'),
    "user_profile_id": _idle(_STAYS, '"x"'),
    "workspace_id": _idle(_STAYS, '"x"'),
    "thinking": _idle("the embedded models do not reason aloud", '{"type":"enabled","budget_tokens":1024}'),
    "container": _no(_NO_HOSTED, '"x"'),
    "context_management": _no("send the turns that matter"),
    "mcp_servers": _no("servers are the application's, or the device's own settings", "[]"),
}  # fmt: skip
