"""The product's engine without one part of it, to see what the part does."""

from __future__ import annotations

from tidegate.chat import Prompt
from tidegate.engines.callrules import CallRules
from tidegate.engines.llama import LlamaEngine


class UnruledEngine(LlamaEngine):
    """The same engine without the rules for calls: what the weights say on their own."""

    def _rules(self, prompt: Prompt) -> CallRules | None:
        return None
