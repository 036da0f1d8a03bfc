"""What becomes of each field that OpenAI documents for chat completions; the table in docs is made from here.

`python -m edge.gateway.compat > docs/openai-compatibility.md` writes it; a test fails when it is stale or a field is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge.gateway.schema import REFUSED, ChatBody


class Treatment(StrEnum):
    HONOURED = "honoured"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Field:
    treatment: Treatment
    note: str


def _yes(note: str) -> Field:
    return Field(Treatment.HONOURED, note)


def _idle(note: str) -> Field:
    return Field(Treatment.IGNORED, note)


def _no(note: str) -> Field:
    return Field(Treatment.REFUSED, note)


FIELDS: Mapping[str, Field] = {
    "model": _yes("`tidegate` (Tidegate decides), `tidegate-local` (never leaves the device), or the local model's own name"),
    "messages": _yes("roles system, developer, user, assistant, tool; text only, as a string or as text parts"),
    "tools": _yes("functions; `strict` is accepted, every schema is enforced as far as the engine can"),
    "tool_choice": _yes("none, auto, required, or one function"),
    "parallel_tool_calls": _yes("false: at most the first call is returned"),
    "response_format": _yes("text, json_object, json_schema"),
    "stream": _yes("server-sent events; the answer is checked before its first chunk"),
    "stream_options": _yes("`include_usage`; `include_obfuscation` is ignored"),
    "max_tokens": _yes("at most this many; 256 when absent"),
    "max_completion_tokens": _yes("the same; wins over `max_tokens`"),
    "n": _yes("1 to 8 choices, each with its own seed (and its own escalation, if any)"),
    "stop": _yes("one, or up to four"),
    "seed": _yes("repeats a local draft"),
    "temperature": _yes("0 when absent: the same question gets the same answer"),
    "top_p": _yes("for local drafts"),
    "logprobs": _yes("for answers of the device; null for the cloud's"),
    "top_logprobs": _yes("0 to 20"),
    "frequency_penalty": _idle("the embedded models are sampled without penalties"),
    "presence_penalty": _idle("as above"),
    "logit_bias": _idle("token ids differ between models"),
    "metadata": _idle("stays on the device and is not kept"),
    "modalities": _yes("text; anything else is refused"),
    "prediction": _idle("a hint about speed only"),
    "prompt_cache_key": _idle("prefixes are reused without it"),
    "prompt_cache_options": _idle("as above"),
    "prompt_cache_retention": _idle("as above"),
    "reasoning_effort": _idle("the embedded models do not reason aloud"),
    "safety_identifier": _idle("never leaves the device"),
    "service_tier": _idle("there is one"),
    "store": _idle("nothing is stored for OpenAI; see the journal's settings"),
    "user": _idle("never leaves the device"),
    "verbosity": _idle("use max_tokens"),
    "audio": _no("text only"),
    "function_call": _no("deprecated by OpenAI: use `tool_choice`"),
    "functions": _no("deprecated by OpenAI: use `tools`"),
    "moderation": _no("the device's policy and the cloud's checks take its place"),
    "web_search_options": _no("nothing here searches the web"),
}  # fmt: skip

_HEAD = """# OpenAI compatibility

<!-- Made by `python -m edge.gateway.compat`; tests/edge/gateway/test_compat.py proves that it is fresh. -->

`POST /v1/chat/completions` takes every field that OpenAI documents. A field it does not know, a wrong type or a value out
of range is a 400 in OpenAI's error shape whose `param` names the field.

| field | | what becomes of it |
|---|---|---|
"""

_TAIL = """
Inside messages, `refusal`, `annotations`, `audio` and `function_call` are taken when a client sends back what it got
(`audio` and `function_call` only as null). Image, audio and file parts are refused with `unsupported_content`.

## What comes back

An OpenAI completion with one more object, `tidegate`: `source` (device, cloud, nobody), `state` (answered, degraded, held,
queued), `why`, `confidence`, `ticket`, `conversation`, `citations`, and `late` when an earlier question of the conversation
has been answered since. The same is in headers:

| header | |
|---|---|
| `x-tidegate-source` | who answered: device, cloud, nobody |
| `x-tidegate-state` | answered, degraded, held, queued, refused |
| `x-tidegate-decision` | why it stayed, left or was refused |
| `x-tidegate-confidence` | P(right) of the local draft, when there was one |
| `x-tidegate-ticket` | claim check of an answer that will come later |
| `x-tidegate-conversation` | the conversation as Tidegate knows it |
| `x-tidegate-trace` | W3C trace id, the same on the device and in the cloud |

A request that waits for a person, or for the connection, is a normal completion (200) that says so, without tool calls. The
answer comes in the next turn of the conversation (in words before the new answer, and in `tidegate.late`) and from
`GET /v1/tidegate/answers/{ticket}?wait=25`. It is pushed at most once; asking for it again gives it again.

Request headers: `x-tidegate-conversation` names the conversation (else it is known by the application and its first user
message, and a late answer is told only where its question stands), `Idempotency-Key` makes a retry meet its first try,
`x-tidegate-local-only: true` keeps a request on the device, `x-tidegate-review: true` asks for a person,
`x-tidegate-consent: true` says that somebody has agreed to it leaving (where the device's policy asks), `traceparent`
joins the caller's trace.

A client that hangs up stops the local model within one step. What has been escalated by then goes on, and its answer comes
late, as above.

## Errors

| status | code | when |
|---|---|---|
| 400 | `bad_json`, `bad_encoding`, `too_deep`, `unknown_parameter`, `missing_parameter`, `invalid_parameter`, `unsupported_parameter`, `unsupported_content`, `context_length_exceeded` | the request is wrong; `param` says where |
| 401 | `missing_api_key`, `invalid_api_key` | no key of an application |
| 403 | `consent_needed` | the device's policy asks somebody before this leaves, and it has no model of its own for it |
| 403 | `content_policy` | this device's policy, the operator's policy or a reviewer says no; `x-tidegate-rejected` tells which |
| 404 | `model_not_found`, `unknown_ticket`, `not_found` | |
| 408, 413 | `slow_client`, `body_too_large` | |
| 421 | `wrong_host` | the Host header names another machine |
| 422 | `idempotency_conflict` | the key was used for another request |
| 429 | `queue_full` | too many at once; `Retry-After` |
| 502 | `reply_untrusted` | the cloud's answer failed its proof and was not used |
| 503 | `nothing_can_answer`, `disk_full`, `spool_full`, `redaction_unavailable` | `x-should-retry: false` where repeating is of no use |

## Other paths

`GET /v1/models`, `GET /v1/models/{name}`, `GET /healthz`, `GET /readyz`, `GET /metrics`, `POST /v1/tidegate/plan` (the
decision, without generating), `POST /v1/tidegate/preview` (the exact bytes that would leave; those of the request that then
follows when both carry the same `Idempotency-Key`), `GET /v1/tidegate/answers` (tickets not handed over yet), `GET
/v1/tidegate/answers/{ticket}`, `GET /v1/tidegate/ledger`.
"""


def page() -> str:
    """The whole page."""
    order = sorted(FIELDS.items(), key=lambda item: (list(Treatment).index(item[1].treatment), item[0]))
    rows = "".join(f"| `{name}` | {field.treatment} | {field.note} |\n" for name, field in order)
    return _HEAD + rows + _TAIL


def undocumented() -> set[str]:
    """Fields that the schema and this table do not agree about."""
    refused = {name for name, field in FIELDS.items() if field.treatment is Treatment.REFUSED}
    return (set(ChatBody.__struct_fields__) ^ FIELDS.keys()) | (refused ^ set(REFUSED))


if __name__ == "__main__":
    print(page(), end="")
