"""The edge bench's own parts, without a server: what is asked, what is drawn, how drift and ratios become lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts.benchmarks.edge import models, soak, speed
from scripts.benchmarks.edge.asked import Asker
from scripts.benchmarks.edge.bench import Bench, Sizes
from scripts.benchmarks.edge.servers import Body, Took, _says, llama_server
from scripts.benchmarks.privacy.report import Report, markers, written
from scripts.decoder_file import Shape
from tidegate.engines.gguf import read_header
from tidegate.errors import Broken

SMALL = Shape(width=64, layers=2, heads=2, inner=96, vocabulary=6200, context=256)


@dataclass
class Clockwork:
    """A server that writes so many tokens per second, exactly."""

    speed: float
    name: str = "clockwork"
    asked: list[Body] = field(default_factory=list)

    def ask(self, body: Body) -> Took:
        self.asked.append(body)
        tokens = body["max_tokens"]
        assert isinstance(tokens, int)
        return Took(tokens / self.speed, 10, tokens)

    def together(self, bodies: Sequence[Body]) -> tuple[float, list[Took]]:
        took = [self.ask(body) for body in bodies]
        return sum(one.seconds for one in took), took


def test_the_same_seed_asks_the_same_and_no_two_questions_begin_alike() -> None:
    first, again = Asker(7), Asker(7)
    asked = [first.text(5) for _ in range(200)]
    assert asked == [again.text(5) for _ in range(200)]
    assert len({text.split()[0] for text in asked}) == 200


def test_a_drawn_model_is_the_same_to_the_byte_and_is_a_whole_file(tmp_path: Path) -> None:
    one = models.drawn(tmp_path / "a", SMALL, "small")
    other = models.drawn(tmp_path / "b", SMALL, "small")
    assert one.read_bytes() == other.read_bytes()
    header = read_header(one)
    assert (header.architecture, header.quantisation, header.number("block_count")) == ("llama", "Q8_0", 2)
    assert not list(tmp_path.rglob("*.part"))


def test_the_plain_copy_of_the_embedded_model_has_its_weights_and_none_of_its_acting_tokens(
    tmp_path: Path,
) -> None:
    copied = models.embedded_plain(tmp_path)
    assert models.embedded_plain(tmp_path) == copied
    raw = copied.read_bytes()
    assert b"<|bench-pass|>" in raw
    assert b"<|pass|>" not in raw


def test_a_comparison_takes_its_ratio_round_by_round_and_says_whether_the_bar_is_met() -> None:
    bench = Bench(False, 1, 1.0, lambda _: None, full=Sizes(rounds=3))
    theirs = Clockwork(100.0)
    subject = speed.Subject("a model", Path("a.gguf"), 0.9)
    figure = speed.decode(50)
    (fast,) = speed._compared(bench, subject, figure, 0.9, theirs, {"engine": Clockwork(95.0)})
    assert (fast.met, fast.bar) == (True, "0.9")
    assert fast.ours.startswith("0.95")
    assert len(theirs.asked) == 4  # a warm-up and three rounds
    (slow,) = speed._compared(bench, subject, figure, 0.9, theirs, {"engine": Clockwork(80.0)})
    assert (slow.met, slow.verdict) == (False, "missed")


def test_drift_is_the_change_from_after_the_warm_up_to_the_end() -> None:
    flat = [(at, 50.0) for at in range(0, 1001, 25)]
    assert soak.drift(flat, 1000) == (50.0, 50.0, 0.0)
    warms_up = [(at, 30.0 if at < 100 else 60.0) for at in range(0, 1001, 25)]
    assert soak.drift(warms_up, 1000)[2] == 0.0  # what is filled once is no leak
    grows = [(at, 50.0 + at / 100) for at in range(0, 1001, 25)]
    assert soak.drift(grows, 1000)[2] > 0.1


def test_without_the_servers_environment_the_bench_says_what_to_run(tmp_path: Path) -> None:
    with (
        pytest.raises(Broken) as missing,
        llama_server(tmp_path / "m.gguf", threads=1, slots=1, home=tmp_path),
    ):
        pass
    assert missing.value.hint == "run: scripts/bench edge --peers"


def test_the_page_takes_the_table() -> None:
    page = Path(__file__).resolve().parents[4] / "docs" / "bench-edge.md"
    begin, end = markers("edge")
    made = written(page.read_text("utf-8"), Report({"cpu": "x"}, (), ()), "edge")
    assert made.index(begin) < made.index("Made by `scripts/bench edge`") < made.index(end)


def test_a_streams_first_text_is_not_its_empty_opening() -> None:
    assert not _says(b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n')
    assert _says(b'data: {"choices":[{"delta":{"content":"a"}}]}\n')
    assert _says(b'data: {"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}\n')
    assert not _says(b": ping\n")
