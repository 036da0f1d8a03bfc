"""What becomes of each field of each endpoint, as a page: docs/openai-compatibility.md is made from edge.gateway.tables.

`python -m edge.gateway.compat > docs/openai-compatibility.md` writes it; a test fails when it is stale or a field is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from edge.gateway import completions, messages, responses, tables
from edge.gateway.dialect import Spoken, read_chat
from edge.gateway.embeddings import EmbeddingBody, EmbeddingCall, parse_embedding
from edge.gateway.schema import ChatBody
from edge.gateway.tables import Field, Treatment


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: what its body may hold, what becomes of each field, and the least that a body has to say."""

    path: str
    about: str
    body: type[msgspec.Struct]
    fields: Mapping[str, Field]
    least: str
    read: Callable[[bytes, int], Spoken | EmbeddingCall]


_ASKED = '"messages":[{"role":"user","content":"hi"}]'

ENDPOINTS = (
    Endpoint(
        "/v1/chat/completions",
        "OpenAI's chat. The first choice for new applications.",
        ChatBody,
        tables.CHAT,
        f'"model":"tidegate",{_ASKED}',
        read_chat,
    ),
    Endpoint(
        "/v1/responses",
        "OpenAI's newer shape of the same. Where the owner of the device lets the application be remembered ([memory](memory.md)), a "
        "conversation goes on from `previous_response_id` or under its name; else it is sent anew with each request.",
        responses.ResponseBody,
        tables.RESPONSES,
        '"model":"tidegate","input":"hi"',
        responses.read,
    ),
    Endpoint(
        "/v1/completions",
        "OpenAI's older shape: a prompt is one user turn.",
        completions.CompletionBody,
        tables.COMPLETIONS,
        '"model":"tidegate","prompt":"hi"',
        completions.read,
    ),
    Endpoint(
        "/v1/messages",
        "Anthropic's Messages. Anthropic's clients take the address without `/v1`, and send the key as `x-api-key`. "
        "`POST /v1/messages/count_tokens` takes the same body without `max_tokens` and says what it would cost (`input_tokens`).",
        messages.MessagesBody,
        tables.MESSAGES,
        f'"model":"tidegate","max_tokens":50,{_ASKED}',
        messages.read,
    ),
    Endpoint(
        "/v1/embeddings",
        "Vectors of 384 numbers and length 1, made on this device by the model that `tidegate models build embedder` builds; "
        "nothing of them leaves. A GGUF file of the settings (`embedding.path`, [models](models.md#embedding-models)) answers to its own name beside it, with its own "
        "count of numbers. Texts that were too long to be read whole are named in `tidegate.cut`.",
        EmbeddingBody,
        tables.EMBEDDINGS,
        '"model":"embedding","input":"hi"',
        lambda body, deep: parse_embedding(body, max_depth=deep),
    ),
)

_HEAD = """# OpenAI compatibility

<!-- Made by `python -m edge.gateway.compat`; tests/edge/gateway/test_compat.py proves that it is fresh. -->

Five endpoints, and every field that their vendors document for them. A field that an endpoint does not know, a wrong type or
a value out of range is a 400 whose `param` names the field. `GET /openapi.json` says the same for programs.
"""

_TAIL = """
## What comes back

Every endpoint above except embeddings is another way to say the same: one turn answers it, by the same rules about what may
leave, with the same headers, journal and late answers.

Inside chat messages, `refusal`, `annotations`, `audio` and `function_call` are taken when a client sends back what it got
(`audio` and `function_call` only as null). Image, audio and file parts are refused with `unsupported_content`.

`usage` says how many tokens of the prompt did not have to be read (`prompt_tokens_details.cached_tokens`; of a response,
`input_tokens_details.cached_tokens`): an answer of this device goes on from what an earlier request began with.

Each answer has one more object, `tidegate` (in a stream: in its last event): `source` (device, cloud, nobody), `state` (answered, degraded, held,
queued), `why`, `confidence`, `ticket`, `conversation`, `citations`, and `late` when an earlier question of the conversation
has been answered since. The same is in headers:

| header | |
|---|---|
| `x-tidegate-source` | who answered: device, cloud, nobody |
| `x-tidegate-state` | answered, degraded, held, queued, refused |
| `x-tidegate-decision` | why it stayed, left or was refused |
| `x-tidegate-reasons` | all that spoke for it, the first first, as in `unsure,link_flapping` ([decision](decision.md)) |
| `x-tidegate-confidence` | P(right) of the local draft, when there was one |
| `x-tidegate-ticket` | claim check of an answer that will come later |
| `x-tidegate-conversation` | the conversation as Tidegate knows it |
| `x-tidegate-redaction` | only when redaction does without something: `patterns-only`, `unavailable` (then nothing leaves) |
| `x-tidegate-trace` | W3C trace id, the same on the device and in the cloud |

A request that waits for a person, or for the connection, is a normal completion (200) that says so, without tool calls. The
answer comes in the next turn of the conversation (in words before the new answer, and in `tidegate.late`) and from
`GET /v1/tidegate/answers/{ticket}?wait=25`. It is pushed at most once; asking for it again gives it again.

Request headers: `x-tidegate-conversation` names the conversation (else it is known by the application and its first user
message, and a late answer is told only where its question stands), `Idempotency-Key` makes a retry meet its first try,
`x-tidegate-local-only: true` keeps a request on the device, `x-tidegate-review: true` asks for a person,
`x-tidegate-deadline: 3` asks for what there is after three seconds (never more than `door.deadline_s`),
`x-tidegate-mode` lets out less than the settings do for one request ([modes](modes.md)), `x-tidegate-consent: true` says that
somebody has agreed to it leaving (where the device asks) and `x-tidegate-consent: cns_...` agrees to the one that a 409 named,
`traceparent` joins the caller's trace.

A client that hangs up stops the local model within one step. What has been escalated by then goes on, and its answer comes
late, as above.

## Errors

In OpenAI's shape; `/v1/messages` has Anthropic's (`type` error, `error.type` its word for it) with our `code` and `param` inside.

| status | code | when |
|---|---|---|
| 400 | `bad_http`, `bad_json`, `bad_encoding`, `too_deep`, `unknown_parameter`, `missing_parameter`, `invalid_parameter`, `unsupported_parameter`, `unsupported_content`, `context_length_exceeded` | the request is wrong; `param` says where |
| 401 | `missing_api_key`, `invalid_api_key` | no key of an application; it comes as `Authorization: Bearer KEY` or as `x-api-key` |
| 403 | `content_policy` | this device's policy, the operator's policy or a reviewer says no; `x-tidegate-rejected` tells which |
| 404 | `model_not_found`, `unknown_ticket`, `not_found` | |
| 408, 413, 415 | `slow_client`, `body_too_large`, `unsupported_encoding` | slow, large, compressed |
| 409 | `consent_needed` | the device asks somebody before this leaves; `tidegate.consent` says where to look and to agree |
| 421 | `wrong_host` | the Host header names another machine |
| 422 | `idempotency_conflict` | the key was used for another request |
| 429 | `queue_full`, `rate_limit_exceeded`, `budget_spent`, `energy_spent` | too many at once, of all applications or of this one, or too many in a minute; or the money, tokens or energy have ended; `Retry-After` |
| 502 | `reply_untrusted` | the cloud's answer failed its proof and was not used |
| 503 | `nothing_can_answer`, `disk_full`, `spool_full`, `redaction_unavailable`, `embedder_missing`, `embedder_broken`, `battery_low`, `hot`, `memory_low`, `busy` | `x-should-retry: false` where repeating is of no use |

## Other paths

Of OpenAI's responses also: `GET` and `DELETE /v1/responses/{id}` (what this device remembers, whole), `GET /v1/responses/{id}/input_items`
(`after`, `limit`, `order`; the items of that response alone), `POST /v1/responses/input_tokens` (what it would read, with what it goes on from). `POST
/v1/responses/{id}/cancel` and `GET /v1/responses/{id}?stream=true` are for responses in the background: a 400 here. `compact` and the WebSocket
of `connect` are not offered: a long conversation is summed up by itself ([decision](decision.md)).

`GET /v1/models` (the chat models first, then `embedding` when it is built), `GET /v1/models/{name}`, `GET /openapi.json`,
`GET /healthz`, `GET /readyz`, `GET /metrics`, `POST /v1/tidegate/plan` (the decision, without generating), `POST
/v1/tidegate/preview` (the exact bytes that would leave; those of the request that then follows when both carry the same
`Idempotency-Key`; both take the body of any endpoint above that generates, Anthropic's with its `anthropic-version` header, and
read what is [remembered](memory.md) before it, as the request will: `recalled` counts those messages), `GET /v1/tidegate/answers` (tickets not handed over yet), `GET /v1/tidegate/answers/{ticket}`, `GET /v1/tidegate/consents`
(what waits for somebody's consent), `GET` and `POST /v1/tidegate/consents/{consent}`, `POST /v1/tidegate/feedback`, `GET /v1/tidegate/ledger`.

The agent has its own under `/v1/tidegate/agent/` ([agent](agent.md)). With `"tidegate": {"tools": "device"}` in a chat completion the daemon
runs its own tools and answers with what came of it; `tidegate.agent` then has the run's id, state and what it waits for.

How much one application may take of the door is set by `door.max_per_application`, `door.per_minute` and
`door.max_body_bytes` ([settings](settings.md)).
"""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(map(_section, ENDPOINTS)) + _TAIL


def _section(endpoint: Endpoint) -> str:
    order = sorted(
        endpoint.fields.items(), key=lambda item: (list(Treatment).index(item[1].treatment), item[0])
    )
    rows = "".join(f"| `{name}` | {field.treatment} | {field.note} |\n" for name, field in order)
    return f"\n## POST {endpoint.path}\n\n{endpoint.about}\n\n| field | | what becomes of it |\n|---|---|---|\n{rows}"


def undocumented(endpoint: Endpoint) -> set[str]:
    """Fields that the schema and the table do not agree about."""
    return set(endpoint.body.__struct_fields__) ^ endpoint.fields.keys()


if __name__ == "__main__":
    print(page(), end="")
