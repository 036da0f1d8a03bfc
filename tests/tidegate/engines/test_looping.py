"""Templates that would never end, or fill the memory, and near-misses that people really write."""

from __future__ import annotations

import pytest

from tidegate.chat import Message, Prompt, Role
from tidegate.engines.looping import MOST_TURNS, BoundedEnvironment, Endless, begin
from tidegate.engines.template import ChatTemplate
from tidegate.errors import BadRequest


def rendered(source: str) -> str:
    begin()
    return BoundedEnvironment().from_string(source).render(items=[1, 2, 3])


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro f() %}{% endmacro %}{% for a in range(99999) %}{{ f() }}{% endfor %}",
        "{{ 'a' * 999999999 }}",
        "{{ 999999999 * 'a' }}",
        "{{ [1] * 999999999 }}",
        "{{ 2 ** 99999999 }}",
        "{{ '%0999999999d' % 3 }}",
        "{{ '%*d' % (999999999, 3) }}",
        "{% set n = namespace(a='aaaa') %}{% for i in range(60) %}{% set n.a = n.a ~ n.a %}{% endfor %}",
        "{% set n = namespace(a='aaaa') %}{% for i in range(60) %}{% set n.a = n.a + n.a %}{% endfor %}",
    ],
)
def test_what_does_not_end_is_ended(source: str) -> None:
    with pytest.raises(Endless):
        rendered(source)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% for a in items %}{{ loop.index0 }}{{ a * 2 }} {% else %}none{% endfor %}", "02 14 26 "),
        ("{% for a in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% macro f(a, b=2) %}{{ a ~ '-' ~ b }}{% endmacro %}{{ f(1) }} {{ f(1, b=3) }}", "1-2 1-3"),
        (
            "{{ '%d of %s' % (2, 'x') }}{{ 7 % 2 }}{{ 'a' * 3 }}{{ 'a' + 'b' }}{{ [1] + [2] }}",
            "2 of x1aaaab[1, 2]",
        ),
        ("{{ 3000 * 3000 }}{{ 2000000 + 3000000 }}", "90000005000000"),
        ("{{ nothing ~ 'x' }}", "x"),
    ],
)
def test_what_templates_do_is_what_they_did(source: str, text: str) -> None:
    assert rendered(source) == text


def test_each_rendering_is_counted_by_itself() -> None:
    source = "{% for a in range(" + str(MOST_TURNS // 2) + ") %}{% endfor %}x"
    assert [rendered(source) for _ in range(3)] == ["x"] * 3


def test_a_conversation_gets_a_clear_refusal() -> None:
    template = ChatTemplate(
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}{{ messages[0].content }}"
    )
    with pytest.raises(BadRequest) as refused:
        template.render(Prompt(messages=(Message(Role.USER, "hi"),)))
    assert refused.value.code == "template_refused"
