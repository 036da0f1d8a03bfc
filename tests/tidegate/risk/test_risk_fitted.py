"""Learning from outcomes, end to end on made-up ones: hard questions are long and full of numbers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.errors import BadRequest
from tidegate.risk import fitted
from tidegate.risk.fit import auroc
from tidegate.risk.grams import counted, rarity, weighed
from tidegate.risk.learn import dealt
from tidegate.risk.outcomes import Outcome, parse_outcomes, read_outcomes
from tidegate.risk.promise import Promise
from tidegate.risk.shape import SHAPES, shape
from tidegate.risk.words import WIDTH, Words

RNG = np.random.default_rng(3)


def question(hard: bool) -> str:
    words = RNG.choice("lamp door garden music kitchen curtain tank valve".split(), 4 + 8 * hard)
    return f"{' and '.join(words)} {' '.join(str(n) for n in RNG.integers(2, 99, 5 * hard))}?"


HARD = RNG.random(400) < 0.5
OUTCOMES = [Outcome(question(bool(hard)), float(RNG.random() > (0.8 if hard else 0.1)), 1.0) for hard in HARD]
FIT = fitted.make(OUTCOMES)
SCORER = fitted.scorer(FIT)
MEANT = "lamp light bulb beam music song tune band kitchen oven sink stove garden tree lawn shed".split()


def made_words(turn: int = 0) -> Words:
    """A table in which four words each mean nearly one thing."""
    rng = np.random.default_rng(5)
    kinds = np.repeat(rng.normal(size=(4, WIDTH)), 4, axis=0)
    vectors = (kinds + 0.2 * rng.normal(size=kinds.shape)).astype(np.float32)
    return Words(f"table {turn}", {word: at for at, word in enumerate(MEANT)}, vectors)


def test_what_was_hard_is_sent_first() -> None:
    fresh = [question(True) for _ in range(50)] + [question(False) for _ in range(50)]
    sure = np.array(SCORER.p_right(fresh, [{}] * 100))
    assert auroc(sure, np.arange(100) >= 50) > 0.95
    assert len(set(sure)) > 90, "scores are continuous"


def test_the_same_seed_gives_the_same_bytes_and_another_seed_a_sound_fit_too() -> None:
    assert msgspec.json.encode(fitted.make(OUTCOMES)) == msgspec.json.encode(FIT)
    assert fitted.make(OUTCOMES, seed=9).auroc == pytest.approx(FIT.auroc, abs=0.06)


def test_the_file_gives_what_the_fit_gave_and_holds_no_text(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    fitted.write_fit(path, FIT)
    assert fitted.scorer(fitted.read_fit(path)).p_right(["lamp 5"], [{}]) == SCORER.p_right(["lamp 5"], [{}])
    assert b"curtain" not in path.read_bytes()


@pytest.mark.parametrize("change", [{"text": "other"}, {"format": "tidegate-risk-9"}])
def test_a_fit_made_another_way_is_refused(tmp_path: Path, change: dict[str, str]) -> None:
    fitted.write_fit(tmp_path / "c", msgspec.structs.replace(FIT, **change))
    with pytest.raises(BadRequest, match="another version"):
        fitted.read_fit(tmp_path / "c")


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[1"])
def test_a_file_that_is_no_fit_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(BadRequest, match="not a fit"):
        fitted.read_fit(tmp_path / "c")


def test_a_prompt_scores_the_same_alone_and_in_company() -> None:
    prompts = [o.prompt for o in OUTCOMES[:20]]
    together = SCORER.p_right(prompts, [{}] * 20)
    assert [SCORER.p_right([p], [{}])[0] for p in prompts] == pytest.approx(together, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_any_text_has_a_finite_shape_and_a_probability(text: str) -> None:
    assert len(shape(text)) == len(SHAPES)
    assert np.isfinite(shape(text)).all()
    assert 0 <= SCORER.p_right([text], [{}])[0] <= 1


def test_many_probabilities_at_once_are_those_of_the_curve() -> None:
    standing = np.linspace(-2, 2, 50)
    each = [FIT.curve.probability({"standing": float(s)}) for s in standing]
    assert fitted.probabilities(FIT.curve, standing) == pytest.approx(np.array(each))
    assert (np.diff(each) > 0).sum() > 5


def test_empty_and_huge_prompts_and_lone_surrogates_are_scored() -> None:
    assert all(0 <= p <= 1 for p in SCORER.p_right(["", "9 " * 500_000, "\ud800 lamp"], [{}] * 3))


def test_what_failed_is_known_again_by_its_meaning_in_words_never_seen() -> None:
    seen = [word for at, word in enumerate(MEANT) if at % 4 < 3]
    told = [Outcome(f"{word} {n}", float(MEANT.index(word) < 8), 1.0) for n, word in enumerate(seen * 10)]
    using = fitted.scorer(fitted.make(told, words=made_words()), made_words())
    beam, band, stove, shed = using.p_right([f"{MEANT[at]} 7" for at in (3, 7, 11, 15)], [{}] * 4)
    assert min(beam, band) > max(stove, shed)


def test_a_fit_made_with_a_table_of_words_asks_for_that_table(tmp_path: Path) -> None:
    made = fitted.make(OUTCOMES, words=made_words())
    fitted.write_fit(tmp_path / "c", made)
    read = fitted.read_fit(tmp_path / "c")
    assert b"shed" not in (tmp_path / "c").read_bytes()
    with pytest.raises(BadRequest, match="there is none here"):
        fitted.scorer(read)
    with pytest.raises(BadRequest, match="another one is here"):
        fitted.scorer(read, made_words(1))
    assert fitted.scorer(read, made_words()).p_right(["lamp"], [{}])
    assert fitted.scorer(FIT, made_words()).p_right(["lamp"], [{}]) == SCORER.p_right(["lamp"], [{}])


def test_text_unlike_all_that_was_learned_is_ordered_by_how_much_it_asks_for() -> None:
    short = "The baker sold some of the bread and gave away the rest, so who was left to pay for it all in the end?"
    sums = f"{short} He had 12 loaves, sold 3 for 4 coins each, and then baked 7 more for 2 friends."
    more = f"{sums} If each friend ate 2, and 5 more came before noon, how many were left? Each coin buys 9."
    given = [Outcome(f"open door {n}", float(n % 3 > 0), 1.0) for n in range(80)]
    sure = fitted.scorer(fitted.make(given)).p_right([short, sums, more], [{}] * 3)
    assert sure[0] > sure[1] > sure[2]


def test_without_a_strong_model_the_local_outcomes_alone_are_learned() -> None:
    made = fitted.make([Outcome(o.prompt, o.weak) for o in OUTCOMES])
    easy, hard = fitted.scorer(made).p_right([question(False), question(True)], [{}] * 2)
    assert not made.strong
    assert easy > hard


def test_one_kind_of_outcome_only_is_no_reason_to_fail() -> None:
    made = fitted.make([Outcome(f"lamp {n}", 1.0, 1.0) for n in range(30)])
    assert fitted.scorer(made).p_right(["lamp 7"], [{}])[0] > 0.9


def test_features_count_where_they_are_given_and_their_absence_is_average() -> None:
    told = [Outcome("same words", float(n % 2), 1.0, {"margin": float(n % 2)}) for n in range(80)]
    told = [Outcome(f"{o.prompt} {n}", o.weak, o.strong, o.features) for n, o in enumerate(told)]
    using = fitted.scorer(fitted.make(told))
    low, none, high = using.p_right(["same words"] * 3, [{"margin": 0.0}, {}, {"margin": 1.0}])
    assert low < none < high


def test_features_without_measure_are_cut_and_not_squared_into_nothing() -> None:
    lines = [
        b'{"prompt":"lamp %d","weak":%d,"features":{"a":%s1e308}}' % (n, n % 2, b"-" if n % 2 else b"")
        for n in range(40)
    ]
    using = fitted.scorer(fitted.make(list(parse_outcomes(lines))))
    assert np.isfinite(using.p_right(["lamp 7"] * 2, [{}, {"a": 1e15}])).all()


@pytest.mark.parametrize("change", [{"x": ()}, {"mean": ()}, {"scale": (0.0,)}, {"y": (7.0,), "x": (0.0,)}])
def test_a_fit_whose_curve_is_damaged_is_refused(
    tmp_path: Path, change: dict[str, tuple[float, ...]]
) -> None:
    broken = msgspec.structs.replace(FIT, curve=msgspec.structs.replace(FIT.curve, **change))
    fitted.write_fit(tmp_path / "c", broken)
    with pytest.raises(BadRequest, match="not a fit"):
        fitted.read_fit(tmp_path / "c")


def test_a_promise_is_tested_on_texts_that_were_not_learned_from() -> None:
    made = fitted.make([Outcome(question(False), 1.0, 1.0) for _ in range(300)], promise=Promise(0.05))
    assert made.promise is not None
    assert made.promise.keep_at <= 1
    assert 59 <= made.promise.tested_on < 300
    never = fitted.make(OUTCOMES[:100], promise=Promise(0.001))
    assert never.promise is not None
    assert never.promise.keep_at > 1
    assert never.promise.fewest == 2995


def test_equal_texts_share_a_fold() -> None:
    fold = dealt(["a b", "c", "a  b", "d", "c"], 3, seed=1)
    assert fold[0] == fold[2]
    assert fold[1] == fold[4]


def test_each_row_of_runs_has_length_one() -> None:
    rows = counted(["turn on the light", "light", ""])
    made = weighed(rows, rarity(rows))
    lengths = [
        float((made.values[a:b] ** 2).sum()) for a, b in zip(made.starts, made.starts[1:], strict=False)
    ]
    assert lengths == pytest.approx([1, 1, 0], abs=1e-5)


def test_a_part_of_the_rows_is_the_rows_of_the_part() -> None:
    texts = ["turn on the light", "open", "", "water the garden"]
    part, alone = counted(texts).at(np.array([3, 1])), counted([texts[3], texts[1]])
    assert (part.columns == alone.columns).all()
    assert (part.starts == alone.starts).all()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "line 2: not valid JSON"),
        (b'{"prompt":"x"}', "line 2: .*weak"),
        (b'{"prompt":"x","weak":7}', "line 2: weak must lie between"),
        (b'{"prompt":"x","weak":1,"strong":-1}', "line 2: strong"),
        (b'{"prompt":5,"weak":1}', "line 2: "),
        (b"\xff", "line 2"),
    ],
)
def test_a_bad_line_is_named_without_its_text(line: bytes, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        list(parse_outcomes([b'{"prompt":"ok","weak":true}', line]))


def test_outcomes_may_repeat_ids_lack_them_and_be_packed(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "prompt": "a", "weak": 1},
        {"id": 1, "prompt": "b", "weak": 0.5, "strong": None},
        {"prompt": "c", "weak": False},
    ]
    path = tmp_path / "o.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n\n".join(json.dumps(row).encode() for row in rows)))
    assert [o.weak for o in read_outcomes(path)] == [1.0, 0.5, 0.0]


def test_too_few_outcomes_and_no_file_are_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="too few"):
        fitted.make(OUTCOMES[:5])
    with pytest.raises(BadRequest, match="cannot be read"):
        read_outcomes(tmp_path / "none.jsonl")
