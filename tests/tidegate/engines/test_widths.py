"""One call that would fill any memory is a refusal of that request; what chat templates really write is as it was."""

from __future__ import annotations

import pytest

from tidegate.chat import Message, Prompt, Role
from tidegate.engines.looping import BoundedEnvironment, Endless, begin
from tidegate.engines.template import ChatTemplate
from tidegate.errors import BadRequest

BIG = "{% set big = 'a' * 2000000 %}"
NESTED = "{% set n = namespace(a=['a']) %}{% for i in range(60) %}{% set n.a = [n.a, n.a] %}{% endfor %}"

HUGE = [
    "{{ 'a'|center(1000000000) }}",
    "{{ 'a'|center(width=1000000000) }}",
    "{{ ['a']|map('center', 1000000000)|list }}",
    "{{ 'a'|indent(1000000000, first=true) }}",
    "{{ ('a\n' * 9000)|indent(9000) }}",
    "{{ ('a\n' * 9000)|indent('b' * 9000) }}",
    "{{ '%1000000000s'|format('a') }}",
    "{{ '%.1000000000f'|format(1) }}",
    "{{ '%*d'|format(1000000000, 3) }}",
    "{{ '%(a)1000000000s'|format(a='b') }}",
    "{{ '%(a)1000000000s' % {'a': 'b'} }}",
    "{{ ('%999d' * 9000)|format(*range(9000)) }}",
    BIG + "{{ ('%(a)s' * 900) % {'a': big} }}",
    BIG + "{{ ('%(a)s' * 900)|format(a=big) }}",
    "{{ 'a'.ljust(1000000000) }}",
    "{{ 'a'.rjust(1000000000) }}",
    "{{ 'a'.center(1000000000) }}",
    "{{ 'a'.zfill(1000000000) }}",
    "{{ ('a'|attr('zfill'))(1000000000) }}",
    "{{ 'a'.encode().ljust(1000000000) }}",
    "{{ '\t'.expandtabs(1000000000) }}",
    "{{ ('\t' * 9000).expandtabs(tabsize=9000) }}",
    "{{ '{:1000000000}'.format('a') }}",
    "{{ '{:{}}'.format('a', 1000000000) }}",
    "{{ '{:.1000000000f}'.format(1) }}",
    "{{ '{a:1000000000}'.format_map({'a': 1}) }}",
    "{{ ('a'|attr('format'))() ~ ('{:1000000000}'|attr('format'))(1) }}",
    "{{ ('{:999}' * 9000).format(*range(9000)) }}",
    BIG + "{{ ('{0}' * 900).format(big) }}",
    BIG + "{{ 'a'.replace('', big).replace('', big) }}",
    BIG + "{{ big.replace('a', 'bbbbb') }}",
    BIG + "{{ big|replace('', 'bbbbb') }}",
    BIG + "{{ big|replace('a', new='bbbbb') }}",
    BIG + "{{ [big, big, big]|join }}",
    BIG + "{{ ['a', 'a', 'a', 'a']|join(big) }}",
    BIG + "{{ [{'a': big}, {'a': big}, {'a': big}]|join(attribute='a') }}",
    BIG + "{{ big.join(['a', 'a', 'a', 'a']) }}",
    BIG + "{{ ''.join([big, big, big]) }}",
    BIG + "{{ 'abc'.translate({97: big, 98: big, 99: big}) }}",
    BIG + "{{ big|wordwrap(1, wrapstring='bbbbb') }}",
    "{{ ['a']|batch(1000000000, 'b')|list }}",
    "{{ ['a']|slice(1000000000)|list }}",
    "{{ 1.5|round(1000000000, 'ceil') }}",
    "{{ [[1], [2]]|sum(start=[]) }}",
    "{{ (1).to_bytes(1000000000, 'big') }}",
    "{% set n = namespace(a=9) %}{% for i in range(60) %}{% set n.a = n.a * n.a %}{% endfor %}",
    NESTED + "{{ n.a }}",
    NESTED + "{{ n.a|string }}",
    NESTED + "{{ n.a|pprint }}",
    NESTED + "{{ n.a ~ 'b' }}",
    NESTED + "{{ [n.a]|join }}",
    NESTED + "{{ '%s' % [n.a] }}",
    NESTED + "{{ '{}'.format(n.a) }}",
    NESTED + "{{ '{!r}'.format(n.a) }}",
    NESTED + "{{ {'a': n.a}.values() }}",
]


@pytest.mark.parametrize("source", HUGE)
def test_a_text_that_would_be_huge_is_not_made(source: str) -> None:
    begin()
    with pytest.raises(Endless):
        BoundedEnvironment().from_string(source).render()


@pytest.mark.parametrize(
    "source",
    ["{{ 'a'|center(1000000000) }}", "{{ messages|tojson(indent=1000000000) }}", NESTED + "{{ n.a|tojson }}"],
)
def test_a_conversation_is_told_that_the_template_cannot_express_it(source: str) -> None:
    with pytest.raises(BadRequest) as refused:
        ChatTemplate(source).render(Prompt(messages=(Message(Role.USER, "hi"),)))
    assert refused.value.code == "template_refused"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 'a'|center(5) }}|{{ 'a'.center(5) }}", "  a  |  a  "),
        ("{{ 'a\nb'|indent(2) }} {{ 'a\nb'|indent('--', first=true) }}", "a\n  b --a\n--b"),
        (
            "{{ '%s is %5.2f'|format('a', 2) }} {{ '%(a)s'|format(a='b') }} {{ '%(a)04d' % {'a': 7} }}",
            "a is  2.00 b 0007",
        ),
        ("{{ '100% of 2024' }} {{ 'in 20241124 %s' % 'a' }}", "100% of 2024 in 20241124 a"),
        ("{{ '{:>4}|{b}|{b!r}'.format('a', b=1) }} {{ '{a}'.format_map({'a': 1}) }}", "   a|1|1 1"),
        ("{{ 'a'.ljust(3) ~ 'b'.rjust(3) ~ '7'.zfill(3) ~ 'a\tb'.expandtabs(2) }}", "a    b007a b"),
        (
            "{{ 'aXbX'.replace('X', '--') }} {{ 'aXbX'.replace('X', '', 1) }} {{ 'aXb'|replace('X', '-') }}",
            "a--b-- abX a-b",
        ),
        (
            "{{ [1, 'b', [2]]|join(', ') }} {{ [{'a': 1}, {'a': 2}]|join('-', attribute='a') }}",
            "1, b, [2] 1-2",
        ),
        ("{{ ', '.join(['a', 'b']) }} {{ '-'.join({'a': 1}) }}", "a, b a"),
        ("{{ 'aa bb'|wordwrap(2) }} {{ 1.256|round(2) }} {{ [1, 2]|sum }}", "aa\nbb 1.26 3"),
        ("{{ [1, 2, 3]|batch(2, 0)|list }} {{ [1, 2, 3]|slice(2)|list }}", "[[1, 2], [3, 0]] [[1, 2], [3]]"),
        (
            "{{ [{'a': 1}]|sum(attribute='a') }} {{ {'a': [1]} }} {{ [1]|string }} {{ {'a': 1}.items()|list }}",
            "1 {'a': [1]} [1] [('a', 1)]",
        ),
        (
            "{{ 'a'.find('a', 0, 9) }} {{ 12345678901 * 98765432109 }} {{ 1000000000 }} {{ x|default(1000000000) }}",
            "0 1219326311336229232209 1000000000 1000000000",
        ),
        (
            "{% macro f(context, called=2) %}{{ context }}{{ called }}{% endmacro %}{{ f(context=1, called=3) }}",
            "13",
        ),
        ("{{ 'a b'.split(' ')[1].upper() }} {{ {'a': 1}.get('b', 1000000000) }}", "B 1000000000"),
    ],
)
def test_what_templates_write_is_as_it_was(source: str, text: str) -> None:
    begin()
    assert BoundedEnvironment().from_string(source).render() == text
