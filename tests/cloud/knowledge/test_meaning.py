"""Documents searched by meaning and words together: what is quoted, when nothing is, and what happens without vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.answer.knowledge import compose
from cloud.app import assemble
from cloud.config import CloudConfig, Knowledge, Model, ModelKind
from cloud.knowledge.index import terms_of
from cloud.knowledge.ingest import MANUALS, Section, read_folder
from cloud.knowledge.meaning import Meaning
from cloud.knowledge.rank import FITTED, Corpus, Weights
from cloud.knowledge.search import Library
from cloud.knowledge.words import WordIndex, stems
from cloud.store.db import open_database, sqlite_url
from cloud.store.passages import SqlPassageIndex
from tests.fakes.cloud_parts import ASKS_E42, PERSON
from tests.fakes.embedder import WordEmbedder
from tidegate.engines.embedder import shipped
from tidegate.errors import Broken

CARE = Section(
    "m.md", "4 Care", "Clean the filter once a year. Leaves: keep them away.\n\n- Wipe the display."
)
TERMS = Section(
    "m.md", "9 Terms", "The guarantee of the compressor lasts five years. Other parts: two years."
)
WORDS_ONLY = Weights(10.0, 0.0, 0.0, 0.0, least=4.0)


def meaning_of(sections: Sequence[Section], embedder: WordEmbedder, file: Path | None = None) -> Meaning:
    made = Meaning(Corpus(sections), lambda: embedder, "fake", file)
    made.prepare()
    return made


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SqlPassageIndex:
    made = SqlPassageIndex(open_database(sqlite_url(tmp_path_factory.mktemp("index") / "x.db")))
    made.refill(read_folder(MANUALS))
    return made


@pytest.fixture(scope="module")
def manual(index: SqlPassageIndex) -> Library:
    """The shipped manual with the built embedder."""
    corpus = Corpus(read_folder(MANUALS))
    meaning = Meaning(corpus, shipped, "built")
    try:
        meaning.prepare()
    except Broken as error:
        pytest.skip(f"the embedder is not built here ({error.code}): run scripts/setup")
    return Library(index, corpus, meaning)


@pytest.mark.parametrize(
    ("question", "section", "quote"),
    [
        ("how long is the compressor guaranteed?", "9 Warranty and refunds", "compressor"),
        ("how much refrigerant does the sealed circuit hold?", "1 The unit at a glance", "R290"),
        ("is steam around the outdoor unit in winter dangerous", "3 Daily use", "steam around it is normal"),
        (
            "how do I make a code disappear from the display",
            "2 Display and error codes",
            "To clear an E code",
        ),
        ("how often should the filter be cleaned?", "4 Care by the customer", "once a year"),
    ],
)
def test_other_words_for_the_same_thing_find_the_sentence(
    manual: Library, question: str, section: str, quote: str
) -> None:
    found = manual.search(question, most=4)
    assert found[0].section == section
    assert any(quote in one for one in found[0].quotes)
    answer = compose(question, found, "ab")
    assert answer is not None
    assert quote in answer.text
    assert f"section {section}" in answer.text
    assert all(citation.quote in found[0].text for citation in answer.citations)


@pytest.mark.parametrize(
    "question",
    [
        "who won the world cup in 1998",
        "write me a poem about the sea",
        "turn off the lights in the kitchen",
        "What is the capital of France?",
        "can you recommend a good dentist",
        f"what did {PERSON} say?",
        "",
    ],
)
def test_a_weak_match_is_no_answer(manual: Library, question: str) -> None:
    assert manual.search(question, most=4) == ()


def test_an_error_code_goes_by_its_code_however_near_another_section_is(
    manual: Library, index: SqlPassageIndex
) -> None:
    by_words = Library(index)
    for question in (ASKS_E42, "What does E43 mean, is the water flow too low?", "What does E99 mean?"):
        assert manual.search(question, most=4) == by_words.search(question, most=4)


def test_a_sentence_in_other_words_is_found_by_meaning_alone() -> None:
    embedder = WordEmbedder(aliases={"warranty": "guarantee"})
    meaning = meaning_of([CARE, TERMS], embedder)
    near = meaning.cosines("warranty")
    assert near is not None
    scores = [FITTED.total(parts) for parts in meaning.corpus.parts("warranty", *near)]
    best = meaning.corpus.sentences[max(range(len(scores)), key=scores.__getitem__)]
    assert best.text == "The guarantee of the compressor lasts five years."


def test_without_vectors_words_decide_as_before(index: SqlPassageIndex) -> None:
    corpus = Corpus(read_folder(MANUALS))

    def absent() -> WordEmbedder:
        raise Broken("none", code="embedder_missing")

    meaning = Meaning(corpus, absent, "none")
    meaning.start()
    meaning.stop(timeout_s=30.0)
    assert not meaning.ready
    question = "how long is the warranty of the compressor"
    found = Library(index, corpus, meaning).search(question, most=4)
    assert found == Library(index).search(question, most=4) != ()
    assert found[0].quotes == ()


def test_an_embedder_that_breaks_later_leaves_the_search_by_words(index: SqlPassageIndex) -> None:
    @dataclass
    class Breaks(WordEmbedder):
        works: bool = True

        def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            if not self.works:
                raise Broken("gone", code="embedder_broken")
            return super().embed(texts)

    embedder = Breaks()
    corpus = Corpus(read_folder(MANUALS))
    meaning = Meaning(corpus, lambda: embedder, "fake")
    meaning.prepare()
    embedder.works = False
    question = "how long is the warranty of the compressor"
    library = Library(index, corpus, meaning)
    assert library.search(question, most=4) == Library(index).search(question, most=4)


def test_vectors_are_made_once_and_only_what_changed_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "vectors.npz"
    first = WordEmbedder()
    meaning_of([CARE, TERMS], first, file)
    again = WordEmbedder()
    kept = meaning_of([CARE, TERMS], again, file)
    assert again.asked == 0
    assert kept.ready
    changed = WordEmbedder()
    meaning_of([CARE, Section("m.md", "9 Terms", "Nothing is promised. Ask.")], changed, file)
    assert changed.asked == 3  # the section and its two sentences
    file.write_bytes(b"damaged")
    last = WordEmbedder()
    assert meaning_of([CARE, TERMS], last, file).ready
    assert last.asked == first.asked


def test_vectors_of_another_embedder_are_not_used(tmp_path: Path) -> None:
    file = tmp_path / "vectors.npz"
    meaning_of([CARE], WordEmbedder(), file)
    other = WordEmbedder()
    Meaning(Corpus([CARE]), lambda: other, "another", file).prepare()
    assert other.asked > 0


def test_no_documents_are_no_answer(index: SqlPassageIndex) -> None:
    meaning = meaning_of([], WordEmbedder())
    assert meaning.cosines("anything") is None


def test_what_is_quoted_is_near_the_best_and_in_the_order_of_the_text() -> None:
    corpus = Corpus([TERMS, CARE])
    assert [one.text for one in corpus.sentences] == [
        "The guarantee of the compressor lasts five years.",
        "Other parts: two years.",
        "Clean the filter once a year.",
        "Leaves: keep them away.",
        "Wipe the display.",
    ]
    (hit,) = corpus.answer([5.0, 6.0, 3.9, 1.0, 0.0], most=4, weights=WORDS_ONLY)
    assert (hit.section, hit.score) == (0, 6.0)
    assert hit.quotes == ("The guarantee of the compressor lasts five years.", "Other parts: two years.")
    (hit,) = corpus.answer([3.9, 6.0, 3.9, 1.0, 0.0], most=4, weights=WORDS_ONLY)
    assert hit.quotes == ("Other parts: two years.",)
    assert corpus.answer([3.9] * 5, most=4, weights=WORDS_ONLY) == ()


@given(st.lists(st.text(max_size=80), max_size=8))
def test_quotes_are_byte_exact_slices_of_their_section(texts: list[str]) -> None:
    corpus = Corpus([Section("x.md", str(at), text) for at, text in enumerate(texts)])
    scores = [float(at % 5) for at in range(len(corpus.sentences))]
    for hit in corpus.answer(scores, most=3, weights=Weights(1.0, 1.0, 1.0, 1.0, least=0.0)):
        passage = corpus.passage(hit)
        assert passage.text == texts[hit.section]
        assert 1 <= len(passage.quotes) <= 3
        assert all(quote in passage.text for quote in passage.quotes)


def test_a_text_with_all_the_words_scores_above_one_with_some() -> None:
    index = WordIndex(["the pump stops", "the pump stops when the filter is blocked", "nothing of that"])
    some, every, none = index.scores("Why did the pumps stop, is a filter blocked?")
    assert every > some > none == 0.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The filters were cleaned", ["filter", "clean"]),
        ("is it the HP-8?", ["hp", "8"]),
        ("glass", ["glas"]),
        ("What? Who!", []),
    ],
)
def test_stems_are_content_words_without_endings(text: str, found: list[str]) -> None:
    assert stems(text) == found


def test_terms_and_stems_agree_that_placeholders_say_nothing() -> None:
    assert terms_of(PERSON).empty


async def test_the_running_cloud_is_wired_to_search_by_meaning(tmp_path: Path) -> None:
    house = assemble(CloudConfig(state=tmp_path / "cloud", model=Model(kind=ModelKind.NONE)))
    try:
        assert house.meaning is not None
        assert not house.meaning.ready, "nothing is loaded before it is started"
        house.meaning.load = WordEmbedder
        house.meaning.prepare()
        found = await house.court.knowledge.search("clean the water filter in the return pipe", most=2)
    finally:
        house.close()
    assert any("Clean the water filter in the return pipe" in quote for quote in found[0].quotes)
    assert (tmp_path / "cloud" / "vectors.npz").is_file()


def test_a_cloud_may_be_told_to_go_by_words_alone(tmp_path: Path) -> None:
    settings = CloudConfig(
        state=tmp_path / "cloud", model=Model(kind=ModelKind.NONE), knowledge=Knowledge(meaning=False)
    )
    house = assemble(settings)
    try:
        assert house.meaning is None
    finally:
        house.close()
