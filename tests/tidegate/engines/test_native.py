"""Which tokens act and which are only text."""

from __future__ import annotations

import pytest

from tests.fakes.models import stories
from tidegate.engines.native import Weights, acts


@pytest.mark.parametrize(
    "text", ["<tool_call>", "</tool_call>", "<|im_start|>", "[INST]", "[/INST]", "<start_of_image>"]
)
def test_a_models_own_tag_acts(text: str) -> None:
    assert acts(text, own=True)


@pytest.mark.parametrize(
    "text", ['{"name": "', '", "arguments": {"', '": ["', '"]}}', "  ", "\n\n\n", "▁▁▁▁", "[a b]", "< ", "<"]
)
def test_text_that_a_model_writes_in_one_piece_does_not_act(text: str) -> None:
    assert not acts(text, own=True)


@pytest.mark.parametrize("text", ["<s>", "anything", '": "'])
def test_a_control_token_always_acts(text: str) -> None:
    assert acts(text, own=False)


@pytest.mark.shared
def test_a_real_file_has_its_control_tokens_and_no_byte_of_text_among_them() -> None:
    weights = Weights(stories())
    try:
        assert {special.text for special in weights.specials} >= {"<s>", "</s>"}
        assert all(special.text.strip("<>/") for special in weights.specials)
    finally:
        weights.free()
