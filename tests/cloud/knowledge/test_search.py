"""Which passages speak about a question, on the shipped manual."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud.knowledge.index import Terms, terms_of
from cloud.knowledge.ingest import MANUALS, digest_of, read_folder, sections
from cloud.knowledge.search import Library
from cloud.store.db import open_database, sqlite_url
from cloud.store.passages import SqlPassageIndex
from tests.fakes.cloud_parts import ASKS_E42, ASKS_REFUND, PERSON
from tidegate.errors import BadConfig

E42, E17, WARRANTY = "7 E42: water flow too low", "5 E17: outdoor unit is iced up", "9 Warranty and refunds"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    index = SqlPassageIndex(open_database(sqlite_url(tmp_path_factory.mktemp("index") / "x.db")))
    index.refill(read_folder(MANUALS))
    return Library(index)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (ASKS_E42, [E42]),
        (ASKS_REFUND, [E42, WARRANTY]),
        ("What does error E17 on the Aurelia HP-8 mean?", [E17]),
        ("e42??", [E42]),
        ("how long is the warranty of the compressor", [WARRANTY]),
        ("is the refrigerant R290?", ["1 The unit at a glance"]),
    ],
)
def test_the_passage_of_the_asked_code_or_subject_comes_first(
    library: Library, question: str, found: list[str]
) -> None:
    assert [p.section for p in library.search(question, most=4)][: len(found)] == found


@pytest.mark.parametrize(
    "question",
    [
        "What does E99 mean?",
        "What does E43 mean, is the water flow too low?",
        "who won the world cup in 1998",
        "write me a poem about the sea",
        "turn off the lights in the kitchen",
        f"what did {PERSON} say?",
        "",
        '"; DROP TABLE passages; -- * NEAR(',
    ],
)
def test_a_question_the_documents_do_not_speak_about_finds_nothing(library: Library, question: str) -> None:
    assert library.search(question, most=4) == ()


def test_a_neighbouring_codes_remedy_is_never_offered(library: Library) -> None:
    for question in ("E17 flow sensor filter water", "E58 radiators filter pressure gauge water"):
        assert all("E42" not in p.section for p in library.search(question, most=8))


def test_placeholders_say_nothing_about_the_subject() -> None:
    assert terms_of(PERSON) == Terms(frozenset(), frozenset(), frozenset())


def test_sections_are_verbatim_and_their_codes_are_known() -> None:
    found = sections(
        "m.md",
        "# Title\n\nPreface.\n\n## 1 E7: hot\n\nE7 means hot.\n\n## Empty\n\n## 2 More\n\nA-12 and E7.\n",
    )
    assert [(s.title, s.text, s.codes) for s in found] == [
        ("1 E7: hot", "E7 means hot.", ("e7",)),
        ("2 More", "A-12 and E7.", ("a-12", "e7")),
    ]


def test_a_changed_document_has_another_digest(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("## One\n\ntext\n")
    before = digest_of(read_folder(tmp_path))
    (tmp_path / "a.md").write_text("## One\n\ntexts\n")
    assert digest_of(read_folder(tmp_path)) != before


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="nowhere"):
        read_folder(tmp_path / "nowhere")
