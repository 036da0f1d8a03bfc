"""The chat at a terminal or in a pipe: reads lines, prints answers as they come, keeps a history file only when asked."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO, assert_never

from edge.chat import said
from edge.chat.said import Input, Word
from edge.chat.talk import Asks, Talk, Told, Wish
from tidegate.clock import Clock, rfc3339
from tidegate.errors import TidegateError

ANSWERED, FAILED, WAITS, NEEDS_CONSENT = 0, 1, 3, 4  # exit codes of one question


@dataclass
class Screen:
    """Where answers go, and where what is said about them goes. `colour`: the second may be dimmed."""

    out: TextIO
    beside: TextIO
    colour: bool = False
    quiet: bool = False

    def piece(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()

    def note(self, text: str) -> None:
        if not self.quiet:
            self.beside.write(f"\x1b[2m{text}\x1b[0m\n" if self.colour else f"{text}\n")
            self.beside.flush()


@dataclass
class History:
    """A file of JSON lines, for whoever asked for one; readable by its owner alone."""

    path: Path | None
    clock: Clock

    def keep(self, question: str, told: Told) -> None:
        if self.path is None:
            return
        line = {
            "at": rfc3339(self.clock.now()),
            "question": question,
            "answer": told.text,
            "source": told.source,
        }
        made = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(made, "a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


@dataclass
class Chat:
    """A session. `fresh` begins another conversation; `agree` asks the person, and is None where nobody can be asked."""

    talk: Talk
    screen: Screen
    history: History
    fresh: Callable[[], Talk]
    agree: Callable[[str], bool] | None = None
    wish: Wish = field(default_factory=Wish)

    def once(self, question: str) -> int:
        """One question; the exit code says what became of it. Raises what the door said."""
        told = self._ask(question)
        if isinstance(told, Asks):
            self.screen.note(said.would_leave(told))
            self.screen.note(
                "nobody has agreed: see `tidegate edge status --open`, or ask again with --consent or --local-only"
            )
            return NEEDS_CONSENT
        return {"held": WAITS, "queued": WAITS}.get(
            told.state, ANSWERED if told.source != "nobody" else FAILED
        )

    def lines(self, lines: Iterator[str]) -> None:
        """A conversation until the lines end or /quit. What goes wrong is told, and the conversation goes on."""
        for line in lines:
            typed = said.parse(line)
            if typed.word is Word.QUIT:
                return
            try:
                self._do(typed)
            except TidegateError as error:
                self.screen.note(str(error))
            except KeyboardInterrupt:
                self.screen.note("\nstopped")

    def _do(self, typed: Input) -> None:
        match typed.word:
            case Word.QUESTION:
                self._ask(typed.rest)
            case Word.LOCAL_ONLY:
                self.wish = replace(self.wish, local_only=said.switched(self.wish.local_only, typed.rest))
                self.screen.note(f"local only: {'on' if self.wish.local_only else 'off'}")
            case Word.REVIEW:
                self.wish = replace(self.wish, review=said.switched(self.wish.review, typed.rest))
                self.screen.note(f"a person looks first: {'on' if self.wish.review else 'off'}")
            case Word.PREVIEW:
                self._preview(typed.rest)
            case Word.TICKETS:
                self._tickets()
            case Word.NEW:
                self.talk = self.fresh()
                self.screen.note("a new conversation")
            case Word.HELP:
                self.screen.note(said.HELP)
            case Word.UNKNOWN:
                self.screen.note("no such command; /help lists them")
            case Word.NOTHING | Word.QUIT:
                pass
            case other:
                assert_never(other)

    def _ask(self, question: str, consent: str = "") -> Told | Asks:
        found = self.talk.ask(question, self.wish, self.screen.piece, consent)
        if isinstance(found, Asks):
            return self._asked(question, found)
        self.screen.piece("\n")
        self.screen.note(said.about(found))
        self.history.keep(question, found)
        return found

    def _asked(self, question: str, asks: Asks) -> Told | Asks:
        """Shows what would leave to whoever is there, and asks again with the word that they give."""
        if self.agree is None:
            return asks
        self.screen.note(said.would_leave(asks))
        if self.agree("Let it leave? [y/N] "):
            return self._ask(question, asks.consent)
        self.talk.refuse(asks.consent)
        self.screen.note("it stayed here; /local-only on answers from this device alone")
        return asks

    def _preview(self, text: str) -> None:
        if not text:
            self.screen.note("/preview TEXT")
            return
        decision, why, shown = self.talk.preview(text, self.wish)
        self.screen.note(f"{decision} ({why})")
        self.screen.note(
            said.would_leave(shown) if shown.turns and decision != "local" else "nothing would leave"
        )

    def _tickets(self) -> None:
        found = self.talk.tickets()
        for ticket, state, sentence in found:
            self.screen.note(f"{ticket}  {state}: {sentence}")
        if not found:
            self.screen.note("nothing waits")
