"""The document index: SQLite FTS5 ranked by BM25; on PostgreSQL the same words are counted in Python."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine, delete, insert, select, text

from cloud.knowledge.index import Terms, terms_of
from cloud.knowledge.ingest import Section
from cloud.ports import Passage
from cloud.store.db import reading, writing
from cloud.store.schema import passages

_WEIGHTS = "10.0, 4.0, 1.0"  # codes of the heading, the heading, the text
_MATCH = text(
    f"SELECT p.source, p.section, p.text, -bm25(passages_fts, {_WEIGHTS}) AS score "  # noqa: S608 - constants only
    "FROM passages_fts JOIN passages p ON p.number = passages_fts.rowid "
    "WHERE passages_fts MATCH :query ORDER BY score DESC, p.number LIMIT :most"
)

_REBUILD = (
    "DROP TABLE IF EXISTS passages_fts",
    "CREATE VIRTUAL TABLE passages_fts USING fts5(codes, section, text, tokenize='porter unicode61')",
    "INSERT INTO passages_fts(rowid, codes, section, text) SELECT number, codes, section, text FROM passages",
)


class SqlPassageIndex:
    """Holds what `refill` was last given."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._fts = engine.dialect.name == "sqlite"

    def refill(self, sections: Iterable[Section]) -> int:
        """Replaces the whole index in one transaction; how many passages there are now."""
        rows = [
            {
                "number": number,
                "source": section.source,
                "section": _kept(section.title),
                "codes": _kept(" ".join(terms_of(section.title).codes)),
                "text": _kept(section.text),
            }
            for number, section in enumerate(sections)
        ]
        with writing(self._engine) as connection:
            connection.execute(delete(passages))
            if rows:
                connection.execute(insert(passages), rows)
            if self._fts:
                for statement in _REBUILD:
                    connection.execute(text(statement))
        return len(rows)

    def candidates(self, terms: Terms, *, most: int) -> tuple[Passage, ...]:
        if not self._fts:
            return self._counted(terms, most)
        words = sorted(terms.words | terms.codes)
        query = " OR ".join('"' + word.replace('"', "") + '"' for word in words)
        with reading(self._engine) as connection:
            rows = connection.execute(_MATCH, {"query": query, "most": most}).all()
        return tuple(Passage(row.source, row.section, row.text, float(row.score)) for row in rows)

    def _counted(self, terms: Terms, most: int) -> tuple[Passage, ...]:
        with reading(self._engine) as connection:
            rows = connection.execute(select(passages)).all()
        found = [
            Passage(row.source, row.section, row.text, score)
            for row in rows
            if (score := _overlap(terms, row.codes, row.section, row.text)) > 0
        ]
        return tuple(sorted(found, key=lambda passage: -passage.score)[:most])


def _kept(text: str) -> str:
    """Without null characters: PostgreSQL's text has none, and no reader misses them."""
    return text.replace("\x00", "")


def _overlap(terms: Terms, codes: str, section: str, body: str) -> float:
    about = terms_of(f"{section} {body}")
    shared = len((terms.words | terms.codes) & (about.words | about.codes))
    return shared + 10.0 * len(terms.codes & frozenset(codes.split()))
