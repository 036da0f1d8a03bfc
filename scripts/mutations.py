"""What scripts.mutants breaks: every detector, the merge, the rules around the name model, and each branch that fails closed. Data only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REGISTRY = "tidegate/privacy/patterns/__init__.py"
COMPOSE = "tidegate/privacy/compose/__init__.py"
_COMPOSERS = re.compile(r"COMPOSERS: tuple\[Composer, \.\.\.\] = \((.*?)\)")
_ENTRIES = re.compile(r"DETECTORS: .*?= \((.*?)\n\)", re.DOTALL)
_P = "tidegate/privacy"
_T = "tests/tidegate/privacy"


@dataclass(frozen=True)
class Mutant:
    """`file` with `old` replaced by `new`; `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def detectors() -> Iterator[Mutant]:
    """Each detector taken out of the registry: the test that something of its own table is lost must notice, not a list of names."""
    registry = (ROOT / REGISTRY).read_text(encoding="utf-8")
    listed = _ENTRIES.search(registry)
    if listed is None:
        raise SystemExit("the registry is not where it was")
    for entry in re.findall(r"[A-Z][A-Z0-9_]*", listed[1]):
        without = re.sub(rf"\b{entry}, ?", "", listed[0], count=1)
        test = f"{_T}/test_registry.py::test_without_it_something_of_its_table_is_lost[{entry.lower()}]"
        yield Mutant(f"no {entry}", REGISTRY, listed[0], without, (test,))


def composers() -> Iterator[Mutant]:
    """Each composer taken out: what its own table holds is no longer found."""
    source = (ROOT / COMPOSE).read_text(encoding="utf-8")
    listed = _COMPOSERS.search(source)
    if listed is None:
        raise SystemExit("the composers are not where they were")
    for entry in listed[1].split(", "):
        without = listed[0].replace(
            listed[1], ", ".join(one for one in listed[1].split(", ") if one != entry)
        )
        test = (
            f"{_T}/compose/test_composers.py::test_without_it_something_of_its_table_is_lost[{entry.lower()}]"
        )
        yield Mutant(f"no composer {entry}", COMPOSE, listed[0], without, (test,))


_MERGE = (
    Mutant("the merge keeps whatever came first", f"{_P}/merge.py", "sorted(cluster, key=_rank, reverse=True)", "list(cluster)", (f"{_T}/test_merge.py",)),
    Mutant("proof does not count in the merge", f"{_P}/merge.py", "        span.valid,\n        SPEC", "        False,\n        SPEC", (f"{_T}/test_merge.py",)),
    Mutant("the narrower kind does not win", f"{_P}/merge.py", "        SPECIFICITY[span.label],\n", "        0,\n", (f"{_T}/test_merge.py",)),
    Mutant("a loser's rest is dropped", f"{_P}/merge.py", "for start, end in trimmed if _worth(text, start, end)", "for start, end in trimmed if False",
           (f"{_T}/test_merge.py",)),
    Mutant("a part beats the whole around it", f"{_P}/merge.py", "        if whole is not None:\n", "        if whole is not None and False:\n", (f"{_T}/test_merge.py",)),
)  # fmt: skip

_READINGS = (
    Mutant("hidden characters are not folded", f"{_P}/document.py", "self.text, self.offsets = fold(source)", "self.text, self.offsets = source, fold('')[1]",
           (f"{_T}/test_document.py",)),
    Mutant("escapes are not read", f"{_P}/detect.py", "((views.ESCAPED, views.unescaped), (views.SPREAD, views.gathered))", "((views.SPREAD, views.gathered),)",
           (f"{_T}/test_views.py::test_a_value_in_another_form_is_hidden_where_it_stands",)),
    Mutant("spread letters are not gathered", f"{_P}/detect.py", "((views.ESCAPED, views.unescaped), (views.SPREAD, views.gathered))",
           "((views.ESCAPED, views.unescaped),)", (f"{_T}/test_views.py::test_a_value_in_another_form_is_hidden_where_it_stands",)),
    Mutant("packed text is not opened", f"{_P}/detect.py", "_DEEPEST = 2", "_DEEPEST = 0", (f"{_T}/test_views.py::test_a_value_in_another_form_is_hidden_where_it_stands",)),
    Mutant("a known value is not hidden again", f"{_P}/cover.py", "claims = [*found, *vault.repeats(text)]", "claims = list(found)", (f"{_T}/test_redaction.py",)),
    Mutant("a surname is not known", f"{_P}/known.py", "if kind == Label.PERSON and (surname := _surname(value)):", "if False and (surname := _surname(value)):", (f"{_T}/test_redaction.py",)),
    Mutant("many known values are looked for nowhere", f"{_P}/known.py", "if at >= 0 and text.startswith(value, at)", "if False", (f"{_T}/test_known.py",)),
    Mutant("a value over the end of a window is cut", f"{_P}/redaction.py", "if first < start < last < end), last)", "if False), last)", (f"{_T}/test_windows.py",)),
    Mutant("a window is seen without what stands around it", f"{_P}/windows.py", "start = max(0, ended - around)", "start = ended", (f"{_T}/test_windows.py",)),
    Mutant("UTF-16 is taken for text", f"{_P}/text_input.py", "if raw.count(0) > _MOST_ZEROS * len(raw):", "if False:", (f"{_T}/test_text_input.py",)),
    Mutant("a file is written over while it is read", f"{_P}/text_input.py", "if stat.S_ISREG(ours.st_mode) and (", "if False and (", (f"{_T}/test_text_input.py",)),
    Mutant("a look-alike placeholder is text", f"{_P}/cover.py", "look_alikes = [(p.start, p.end) for p in find_placeholders(text)]", "look_alikes = []",
           (f"{_T}/test_redaction.py",)),
)  # fmt: skip

_GATES = (
  *(
    Mutant(f"no gate: {name}", f"{_P}/gates.py", old, new, (f"{_T}/test_gates.py",))
    for name, old, new in (
        ("thresholds of situations", "if span.score >= row.get(", "if True or span.score >= row.get("),
        ("names of fields", "return whole or (any(known) and joined)", "return False"),
        ("letters before a number", "                or _series(text, span.start, span.end)\n", ""),
        ("measures", "if any(word in MEASURES for word in words) and", "if False and"),
        ("trades behind an article", "not ARTICLES.isdisjoint(article) or", "False or"),
        ("the capitalised twin", "return value.isalpha() and re.search", "return False and re.search"),
        ("joining words at the end", "while len(tokens) > 1 and (_joins(text, *tokens[-1]) or _goes_on(text, tokens)):", "while False:"),
        ("verbs and things behind a name", "return word in _TAILS and text[tokens[-2][0]].isupper()", "return False"),
        ("questions and things before a name", "_opens(text, tokens) or _asks(text, tokens) or", "_opens(text, tokens) or"),
        ("what is counted", "before[-1] in _COUNTED", "False"),
        ("codes of programs", "if line.code and not _quoted", "if False and not _quoted"),
        ("fields that say so", "    if keyed:\n        return Situation.KEYED\n", ""),
    )
  ),
    Mutant("the gates are not asked", f"{_P}/ner.py", "return tuple(kept(text, raw, keyed, settings.least))", "return raw",
           (f"{_T}/test_ner.py::test_find_asks_the_gates_with_the_table_of_the_weights",)),
)  # fmt: skip

_BESIDE = (
    Mutant("nothing is composed", f"{_P}/detect.py", "return composed(merged, text, rules=self.rules)", "return merged", (f"{_T}/compose/test_composers.py",)),
    Mutant("an allowed address swallows a town", f"{_P}/compose/__init__.py", "rules.spared(composer.compose(Scene(text, spans)), text)", "composer.compose(Scene(text, spans))",
           (f"{_T}/compose/test_composers.py::test_values_to_be_shown_stay_shown_beside_others",)),
    Mutant("an addition cuts what was found", f"{_P}/compose/__init__.py", "all(added.start <= one.start and one.end <= added.end for one in touched)", "True",
           (f"{_T}/compose/test_composers.py::test_an_addition_that_would_cut_a_find_is_left_out",)),
)  # fmt: skip

_WAY_BACK = (
    Mutant("a foreign placeholder is text", f"{_P}/vault.py", "            raise ForeignPlaceholder\n        return entry\n",
           "            return Entry(found.name, found.kind, found.name)\n        return entry\n", (f"{_T}/test_vault.py",)),
    Mutant("the check character is not checked", f"{_P}/placeholders.py", "intact = kind in KINDS and check_character(kind, number, tag[:NONCE_LENGTH]) == tag[NONCE_LENGTH]",
           "intact = True", (f"{_T}/test_placeholders.py", f"{_T}/test_vault.py")),
    Mutant("a chunk's end is not held back", f"{_P}/placeholders.py", "return None if final else Incomplete(begin)", "return None", (f"{_T}/test_restore_chunkings.py",)),
    Mutant("a backslash at a chunk's end is let go", f"{_P}/restore.py", "stop = max(position, len(text) - 1)", "stop = len(text)", (f"{_T}/test_restore_chunkings.py",)),
    Mutant("the start of a pseudonym is let go", f"{_P}/restore.py", "stop = position + stand_ins.undecided(text[position:], ahead)", "stop = len(text)",
           (f"{_T}/test_restore_chunkings.py",)),
    Mutant("a vault of another conversation opens", f"{_P}/vault.py", "        if owner != conversation:\n", "        if False:\n", (f"{_T}/test_vault.py",)),
    Mutant("a vault past its time opens", f"{_P}/vault.py", "        if now >= expires_at:\n", "        if False:\n", (f"{_T}/test_vault.py",)),
    Mutant("a wiped vault still hides", f"{_P}/vault.py", "        if not self._open:\n", "        if False:\n", (f"{_T}/test_vault.py",)),
)  # fmt: skip

_CLOSED = (
    Mutant("an incomplete redaction leaves", f"{_P}/redaction.py", "        if not left:\n            return covered\n", "        return covered\n", (f"{_T}/test_redaction.py",)),
    Mutant("text that is no Unicode leaves", f"{_P}/redaction.py", "    require_text(text)\n", "",
           (f"{_T}/test_bad_input.py::test_a_lone_surrogate_is_refused_and_nothing_leaves",)),
    Mutant("anybody makes Redacted", f"{_P}/redaction.py", "        if seal is not _SEAL:\n", "        if False:\n", (f"{_T}/test_redaction.py",)),
    Mutant("JSON may be nested without end", f"{_P}/walk.py", "    if depth > DEEPEST:\n", "    if False:\n", (f"{_T}/test_redaction.py", f"{_T}/test_walk.py")),
    Mutant("a detector is silenced by one word of many", f"{_P}/wanted.py", "self._bits.get(word, 0) | bit", "bit", (f"{_T}/test_wanted.py",)),
    Mutant("a detector without words is never asked", f"{_P}/wanted.py", "0 if pattern.words else bit", "0", (f"{_T}/test_wanted.py",)),
    Mutant("names of a few letters are not looked for", f"{_P}/document.py", "(*(short & self.runs), *self.having(others))", "self.having(others)",
           (f"{_T}/patterns/test_national_id.py",)),
    Mutant("a personal number that passes Luhn is a card", f"{_P}/patterns/card.py", "return 0 if _of_a_person(document, start, match.end()) else match.end()",
           "return match.end()", (f"{_T}/patterns/test_card.py",)),
    Mutant("a prefilter that gave up says nothing is there", f"{_P}/prefilter.py", 'raise Broken("the word automaton ran out of memory", code="prefilter_failed")',
           "return frozenset()", (f"{_T}/test_prefilter.py",)),
    Mutant("a missing name model is no error", f"{_P}/detect.py", "        if not allow_degraded:\n            raise\n", "", (f"{_T}/test_detect.py",)),
    Mutant("other numbers pass the self-test", f"{_P}/encoder.py", "if not _worst(said, vector) <= tolerance:", "if False:", (f"{_T}/test_encoder.py",)),
    Mutant("other words pass the self-test", f"{_P}/encoder.py", "if (pieces.ids, pieces.shapes, pieces.glues) != (vector.ids, vector.shapes, vector.glues):",
           "if False:", (f"{_T}/test_encoder.py",)),
    Mutant("no number passes the self-test", f"{_P}/encoder.py", "if not _worst(said, vector) <= tolerance:", "if _worst(said, vector) > tolerance:", (f"{_T}/test_encoder_race.py",)),
    Mutant("changed weights are loaded", f"{_P}/package.py", "    if digest != settings.sha256:\n", "    if False:\n", (f"{_T}/test_encoder.py",)),
    Mutant("a self-test without texts proves", f"{_P}/package.py", "if not vectors.vectors or not", "if not", (f"{_T}/test_encoder.py",)),
    Mutant("a text beyond the limits is cut short", f"{_P}/encoder.py", "        if len(text) > MAX_CHARS:\n            raise _too_long(f\"{len(text)} characters\", f\"{MAX_CHARS} characters\")\n",
           "        text = text[:MAX_CHARS]\n", (f"{_T}/test_encoder.py",)),
    Mutant("a failed scan is remembered as empty", f"{_P}/memory.py", "found = look()", "found = ()", (f"{_T}/test_memory.py",)),
    Mutant("a detector that cannot be built finds nothing", "edge/screen.py", "        raise Broken(part.message, code=part.code, hint=part.hint) from part\n    return part\n",
           "        from tidegate.privacy.detect import Detector as Empty\n\n        return Empty(patterns=())  # type: ignore[return-value]\n    return part\n",
           ("tests/edge/test_screen.py",)),
    Mutant("what cannot be redacted leaves", "edge/routing/plan.py", "    if not facts.redactable:\n", "    if False:\n", ("tests/edge/routing/test_plan.py",)),
    Mutant("never is not never", "edge/routing/plan.py", "facts.must_stay or facts.consent is Consent.NEVER", "facts.must_stay", ("tests/edge/routing/test_plan.py",)),
    Mutant("nobody is asked", "edge/routing/plan.py", "if facts.consent is Consent.ASK and not facts.consented and", "if False and", ("tests/edge/routing/test_plan.py",)),
    Mutant("blocked kinds leave", "edge/plan_cli.py", " | Handling(found.privacy.actions).having(Action.BLOCK)", "", ("tests/edge/test_plan_cli.py",)),
    Mutant("the cloud does not look for committed values", "cloud/validation/leaks.py", "if any(not _is_public(text[a:b], public) for a, b in _committed(text, submission)):",
           "if False:", ("tests/cloud/validation/test_verdict.py",)),
    Mutant("the cloud lets foreign placeholders out", "cloud/validation/leaks.py", "Outcome.PASSED if all(p.intact and p.name in asked for p in given) else Outcome.FAILED",
           "Outcome.PASSED", ("tests/cloud/validation/test_verdict.py",)),
    Mutant("the cloud admits private text", "cloud/intake/admit.py", "            if any(is_proof(span) for span in spans):\n", "            if False:\n", ("tests/cloud/intake/test_admit.py",)),
    Mutant("the cloud admits what nobody looked at", "cloud/intake/admit.py", "            return HoldFor(HoldReason.SUSPECT_INPUT)\n        except BadRequest",
           "            return Admitted()\n        except BadRequest", ("tests/cloud/intake/test_admit.py",)),
    Mutant("a changed ledger stands", "edge/uplink/ledger.py", "        if chained(record, last) != record:\n", "        if False:\n", ("tests/edge/uplink/test_ledger.py",)),
    Mutant("a cut exported ledger stands", "edge/uplink/ledger_export.py", "    if not whole or (", "    if False and (", ("tests/edge/uplink/test_ledger_export.py",)),
)  # fmt: skip


def mutants() -> Iterator[Mutant]:
    """All of them, the quick ones of the rules first."""
    yield from (*_MERGE, *_READINGS, *_GATES, *_BESIDE, *_WAY_BACK, *_CLOSED)
    yield from composers()
    yield from detectors()
