"""What is to be seen of an engine at a moment: its slots, what each holds, who waits, and how much reading was spared. Numbers alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """One sequence of the context. `held`: tokens in it, ready for whoever begins alike. A `spare` only keeps prefixes.

    `busy`: a request is at work in it; `reading`: it still reads its prompt, of which `left` tokens are to come.
    """

    held: int
    busy: bool = False
    reading: bool = False
    left: int = 0
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """`served` requests had `prompt_tokens` in their prompts; `reused` of them had been there already, in `shared` requests.

    They had been read for an earlier request, or ahead for this one while it was looked at what may leave.
    """

    served: int = 0
    shared: int = 0
    prompt_tokens: int = 0
    reused: int = 0

    def counted(self, prompt_tokens: int, reused: int) -> Tally:
        """With one more request."""
        return Tally(
            self.served + 1,
            self.shared + bool(reused),
            self.prompt_tokens + prompt_tokens,
            self.reused + reused,
        )


@dataclass(frozen=True, slots=True)
class Seats:
    """`context_tokens` for each slot; requests that wait for one, and how many may."""

    context_tokens: int
    slots: tuple[Slot, ...]
    waiting: int = 0
    most_waiting: int = 0
    tally: Tally = Tally()

    @property
    def at_work(self) -> int:
        return sum(one.busy for one in self.slots)

    @property
    def places(self) -> int:
        """Requests that can be at work at once."""
        return sum(not one.spare for one in self.slots)
