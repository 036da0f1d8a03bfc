"""Any OpenAI-compatible server as an engine: one POST per generation, no retries (the caller knows their price)."""

from __future__ import annotations

import asyncio
import hashlib
import json

import httpx
import msgspec

from tidegate.chat import JSON, Message, Prompt, Role, ToolCall, Usage
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.errors import BadRequest, Broken, Unreachable

MAX_REPLY_BYTES = 8 * 1024 * 1024


class _Function(msgspec.Struct):
    name: str
    arguments: str = "{}"


class _Call(msgspec.Struct):
    function: _Function
    id: str = ""


class _Spoken(msgspec.Struct):
    content: str | None = None
    tool_calls: list[_Call] | None = None


class _Alternative(msgspec.Struct):
    token: str
    logprob: float


class _Token(msgspec.Struct):
    token: str
    logprob: float
    top_logprobs: list[_Alternative] = []


class _Logprobs(msgspec.Struct):
    content: list[_Token] | None = None


class _Choice(msgspec.Struct):
    message: _Spoken
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


class _Error(msgspec.Struct):
    code: str | int | None = None
    param: str | None = None


class _Failure(msgspec.Struct):
    error: _Error


class RemoteEngine:
    """Implements `tidegate.engines.port.Engine` over HTTP. `base_url` ends before `/chat/completions`."""

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str = "",
        timeout_s: float = 60.0,
        context_tokens: int = 32_768,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`timeout_s` bounds the whole reply. Proxy variables of the environment are not read."""
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._model, self._context_tokens = model, context_tokens
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + "/",
            headers=headers,
            timeout=httpx.Timeout(timeout_s, connect=min(5.0, timeout_s)),
            transport=transport,
            trust_env=False,
            follow_redirects=False,
        )

    @property
    def model(self) -> str:
        return self._model

    @property
    def digest(self) -> str:
        return hashlib.sha256(self._model.encode()).hexdigest()

    @property
    def context_tokens(self) -> int:
        return self._context_tokens

    async def generate(self, prompt: Prompt) -> Draft:
        """See the port. A server that refuses our key or does not know the model is Broken: retrying does not help."""
        try:
            async with asyncio.timeout(self._timeout_s):
                status, body = await self._post(request_body(self._model, prompt))
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unreachable(
                f"the model server did not answer ({type(error).__name__})", code="upstream_unreachable"
            ) from error
        if status != 200:
            raise refusal(status, body)
        return draft_of(body)

    async def close(self) -> None:
        """Closes the connections. Later calls raise Unreachable."""
        await self._client.aclose()

    async def _post(self, body: dict[str, JSON]) -> tuple[int, bytes]:
        if self._client.is_closed:
            raise Unreachable("this engine has been closed", code="upstream_unreachable")
        async with self._client.stream("POST", "chat/completions", json=body) as reply:
            found = bytearray()
            async for chunk in reply.aiter_bytes():
                found += chunk
                if len(found) > MAX_REPLY_BYTES:
                    raise Unreachable("the model server's reply is too large", code="upstream_malformed")
            return reply.status_code, bytes(found)


def request_body(model: str, prompt: Prompt) -> dict[str, JSON]:
    """The request in OpenAI's shape; what is unset is left out. Raises BadRequest for a schema that is not JSON."""
    body: dict[str, JSON] = {
        "model": model,
        "messages": [_message(m) for m in prompt.messages],
        "max_tokens": prompt.max_tokens,
        "temperature": prompt.temperature,
        "top_p": prompt.top_p,
        "stream": False,
    }
    if prompt.seed:
        body["seed"] = prompt.seed
    if prompt.stop:
        body["stop"] = list(prompt.stop)
    if prompt.top_logprobs:
        body |= {"logprobs": True, "top_logprobs": prompt.top_logprobs}
    if prompt.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": t.name,
                    "description": t.description,
                    "parameters": _parsed(t.parameters, "tools"),
                },
            }
            for t in prompt.tools
        ]
        forced: JSON = {"type": "function", "function": {"name": prompt.forced_tool}}
        body["tool_choice"] = forced if prompt.forced_tool else prompt.tool_choice.value
    if prompt.response_schema:
        schema = _parsed(prompt.response_schema, "response_format")
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        }
    return body


def _message(message: Message) -> dict[str, JSON]:
    shown: dict[str, JSON] = {"role": message.role.value, "content": message.content}
    if message.name:
        shown["name"] = message.name
    if message.role is Role.TOOL:
        shown["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        shown["tool_calls"] = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
            for c in message.tool_calls
        ]
    return shown


def _parsed(text: str, param: str) -> JSON:
    try:
        value: JSON = json.loads(text or "{}")
    except ValueError as error:
        raise BadRequest("the JSON schema is not JSON", code="unusable_schema", param=param) from error
    return value


def draft_of(body: bytes) -> Draft:
    """A reply as a draft. Raises Unreachable when it is not a completion: nothing in it is then the model's."""
    try:
        reply = msgspec.json.decode(body, type=_Completion)
        choice = reply.choices[0]
    except (msgspec.DecodeError, IndexError) as error:
        raise Unreachable(
            "the model server's reply is not a completion", code="upstream_malformed"
        ) from error
    calls = tuple(
        ToolCall(c.id or f"call_{i}", c.function.name, c.function.arguments)
        for i, c in enumerate(choice.message.tool_calls or [])
    )
    usage = reply.usage or _Usage()
    ended = Finish.TOOL_CALLS if calls else Finish.STOP
    return Draft(
        text=choice.message.content or "",
        tool_calls=calls,
        finish=Finish.LENGTH if choice.finish_reason == "length" else ended,
        tokens=_scores(choice.logprobs),
        usage=Usage(usage.prompt_tokens, usage.completion_tokens),
    )


def _scores(logprobs: _Logprobs | None) -> tuple[TokenScore, ...]:
    """Token scores where the server sent them. Entropy needs the whole vocabulary, which none sends: it stays 0."""
    found = []
    for token in (logprobs.content if logprobs else None) or []:
        top = tuple((a.token, a.logprob) for a in token.top_logprobs)
        margin = top[0][1] - top[1][1] if len(top) > 1 else 0.0
        found.append(TokenScore(token.token, token.logprob, margin=margin, top=top))
    return tuple(found)


def refusal(status: int, body: bytes) -> BadRequest | Broken | Unreachable:
    """What an error status means for the caller. The server's message is not passed on: it may quote the prompt."""
    try:
        error = msgspec.json.decode(body, type=_Failure).error
    except msgspec.DecodeError:
        error = _Error()
    if status in (401, 403, 404):
        return Broken(
            f"the model server refused us (HTTP {status})",
            code="upstream_refused",
            hint="check its address, model name and key",
        )
    if 400 <= status < 500 and status not in (408, 409, 425, 429):
        too_long = error.code == "context_length_exceeded"
        return BadRequest(
            "the conversation is too long for the model"
            if too_long
            else f"the model server refused the request (HTTP {status})",
            code="context_length_exceeded" if too_long else "upstream_bad_request",
            param="messages" if too_long else error.param or "",
        )
    return Unreachable(f"the model server failed (HTTP {status})", code="upstream_unreachable")
