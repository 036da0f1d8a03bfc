"""The prompt format: one Jinja template that ships in the GGUF, and the same thing in Python for training speed.

The two are proved equal by tests. The format is terse because every prompt token costs the device a forward pass:
`<|tools|>GetWeather(city,timeRange)<newline>SetHeat(area,degrees:number)<|user|>...<|assistant|>`.
"""

from __future__ import annotations

import json

from scripts.training.records import Call, Example, ToolSpec

END = "</s>"
TOOLS, SYSTEM, USER, ASSISTANT, TOOL = "<|tools|>", "<|system|>", "<|user|>", "<|assistant|>", "<|tool|>"
CALL = "<tool_call>"
PASS = "<|pass|>"
# What stands between the words of a call: one token each, so a call takes half as many steps to write.
STRUCTURE: tuple[str, ...] = (
    '{"name": "',
    '", "arguments": {"',
    '", "arguments": {}}',
    '": "',
    '": ',
    '", "',
    ', "',
    '"}}',
    "}}",
    '": ["',
    '"], "',
    '"]}}',
)
SPECIALS: tuple[str, ...] = (END, TOOLS, SYSTEM, USER, ASSISTANT, TOOL, CALL, PASS)

CHAT_TEMPLATE = """\
{%- macro plain(content) -%}
{%- if content is string -%}{{ content }}
{%- elif content -%}{%- for part in content -%}{%- if part.text is defined -%}{{ part.text }}{%- endif -%}{%- endfor -%}
{%- endif -%}
{%- endmacro -%}
{%- if tools -%}<|tools|>
{%- for tool in tools -%}
{%- set f = tool.function if tool.function is defined else tool -%}
{%- if not loop.first -%}{{ '\\n' }}{%- endif -%}
{{ f.name }}(
{%- if f.parameters is defined and f.parameters and f.parameters.properties is defined -%}
{%- for name, p in f.parameters.properties.items() -%}
{%- if not loop.first -%},{%- endif -%}{{ name }}
{%- if p.enum is defined and p.enum -%}:{{ p.enum | join('|') }}
{%- elif p.type is defined and p.type is string and p.type != 'string' -%}:{{ p.type }}
{%- endif -%}
{%- endfor -%}
{%- endif -%}
)
{%- endfor -%}
{%- endif -%}
{%- for m in messages -%}
{%- if m.role == 'system' or m.role == 'developer' -%}<|system|>{{ plain(m.content) }}
{%- elif m.role == 'user' -%}<|user|>{{ plain(m.content) }}
{%- elif m.role == 'tool' -%}<|tool|>{{ plain(m.content) }}
{%- elif m.role == 'assistant' -%}<|assistant|>{{ plain(m.content) }}
{%- if m.tool_calls is defined and m.tool_calls -%}
{%- for call in m.tool_calls -%}
{%- set args = call.function.arguments -%}
<tool_call>{{ '{"name": "' }}{{ call.function.name }}{{ '", "arguments": ' -}}
{{ args if args is string else args | tojson }}{{ '}' }}
{%- endfor -%}
{%- endif -%}</s>
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}
"""


def tool_line(spec: ToolSpec) -> str:
    """One tool as the prompt shows it."""
    shown: list[str] = []
    for param in spec.params:
        if param.enum:
            shown.append(f"{param.name}:{'|'.join(param.enum)}")
        else:
            shown.append(param.name if param.kind == "string" else f"{param.name}:{param.kind}")
    return f"{spec.name}({','.join(shown)})"


def opening_of(example: Example) -> str:
    """The part of the prompt that many requests share: tools and system message."""
    parts = [TOOLS + "\n".join(tool_line(spec) for spec in example.specs)] if example.specs else []
    parts += [SYSTEM + example.system] if example.system else []
    return "".join(parts)


def asking_of(example: Example) -> str:
    """The rest of the prompt: what was said before, the request, and the assistant tag."""
    roles = {"user": USER, "tool": TOOL}
    parts = [
        f"{ASSISTANT}{content}{END}" if role == "assistant" else roles[role] + content
        for role, content in example.history
    ]
    if example.result:
        made = "".join(call_text(call) for call in example.expected_calls or ())
        return "".join([*parts, USER, example.text, ASSISTANT, made, END, TOOL, example.result, ASSISTANT])
    return "".join([*parts, USER, example.text, ASSISTANT])


def prompt_of(example: Example) -> str:
    """The prompt of an example, up to and with the assistant tag. Equal to the template's output."""
    return opening_of(example) + asking_of(example)


def call_text(call: Call) -> str:
    """One call as the model writes it."""
    body = {"name": call.name, "arguments": dict(call.arguments)}
    return CALL + json.dumps(body, ensure_ascii=False)


def completion_of(example: Example) -> str:
    """The right answer, with the closing token."""
    if example.result:
        return (example.answer or PASS) + END
    if example.expected_calls is None:
        return PASS + END
    return "".join(call_text(call) for call in example.expected_calls) + END
