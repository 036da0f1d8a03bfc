"""Locks 1 and 2 at run time, and what redact() promises."""

import copy
import dataclasses
import gc
import pickle

import pytest

from tidegate.errors import BadRequest, Broken
from tidegate.privacy.detect import Detector
from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.redaction import EMPTY, Redacted, redact, redact_json, redact_json_text
from tidegate.privacy.spans import Label, Span
from tidegate.privacy.vault import Vault
from tidegate.privacy.walk import restore_json_text

CARD = "4111 1111 1111 1111"
MAIL = "eva@example.org"


@pytest.fixture
def vault() -> Vault:
    return Vault.open("conv_0123456789", b"k" * 32, 1_790_000_000.0)


@pytest.fixture
def sealed(vault: Vault) -> Redacted:
    return redact(f"card {CARD}", Detector(), vault).text


class TestForging:
    def test_a_hand_made_redacted_needs_the_seal(self) -> None:
        with pytest.raises(TypeError):
            Redacted(CARD, object())  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            Redacted(CARD)  # type: ignore[call-arg]

    def test_an_object_made_around_the_constructor_has_no_text(self) -> None:
        with pytest.raises(TypeError, match="not made by redact"):
            _ = object.__new__(Redacted).text

    def test_no_attribute_can_be_set_or_deleted(self, sealed: Redacted) -> None:
        for name in ("text", "_text", "anything"):
            with pytest.raises(AttributeError):
                setattr(sealed, name, CARD)
            with pytest.raises(AttributeError):
                object.__setattr__(sealed, name, CARD)
        with pytest.raises(AttributeError):
            del sealed.text  # type: ignore[misc]

    def test_running_the_constructor_again_changes_nothing(self, sealed: Redacted) -> None:
        before = sealed.text
        with pytest.raises(TypeError):
            sealed.__init__(CARD, object())  # type: ignore[misc, arg-type]
        assert sealed.text == before

    def test_it_has_no_subclasses(self) -> None:
        with pytest.raises(TypeError, match="no subclasses"):
            type("Wider", (Redacted,), {})

    def test_a_copy_is_the_thing_itself(self, sealed: Redacted) -> None:
        assert copy.copy(sealed) is sealed
        assert copy.deepcopy([sealed])[0] is sealed

    def test_it_is_not_pickled_and_not_replaced(self, sealed: Redacted) -> None:
        with pytest.raises(TypeError):
            pickle.dumps(sealed)
        with pytest.raises(TypeError):
            dataclasses.replace(sealed, text=CARD)  # type: ignore[type-var]

    def test_its_class_cannot_be_given_to_another_object(self) -> None:
        class Other:
            __slots__ = ("__weakref__",)

        other = Other()
        try:
            other.__class__ = Redacted  # type: ignore[assignment]
        except TypeError:
            return
        with pytest.raises(TypeError, match="not made by redact"):
            _ = other.text  # type: ignore[attr-defined]

    def test_it_does_not_mix_with_plain_text(self, sealed: Redacted) -> None:
        parts = [sealed, sealed]
        with pytest.raises(TypeError):
            _ = sealed + "x"  # type: ignore[operator]
        with pytest.raises(TypeError):
            _ = "x" + sealed  # type: ignore[operator]
        with pytest.raises(TypeError):
            "".join(parts)  # type: ignore[arg-type]
        assert not isinstance(sealed, str)

    def test_it_prints_as_a_size(self, sealed: Redacted) -> None:
        shown = f"<Redacted {len(sealed.text)} chars>"
        assert (str(sealed), repr(sealed), f"{sealed}", f"{sealed:>3}", f"{sealed!s}") == (shown,) * 5

    def test_texts_are_forgotten_with_their_redaction(self, vault: Vault) -> None:
        from tidegate.privacy import redaction

        gc.collect()
        before = len(redaction._TEXTS)
        kept = redact("a", Detector(), vault)
        assert len(redaction._TEXTS) == before + 1
        del kept
        gc.collect()
        assert len(redaction._TEXTS) == before

    def test_the_empty_text_is_there_for_fields_that_are_empty(self) -> None:
        assert EMPTY.text == ""


class TestRedact:
    def test_everything_found_becomes_a_placeholder_and_comes_back(self, vault: Vault) -> None:
        text = f"Pay with {CARD} or write to {MAIL}."
        done = redact(text, Detector(), vault)
        assert CARD not in done.text.text
        assert MAIL not in done.text.text
        assert done.labels == {Label.CREDIT_CARD: 1, Label.EMAIL_ADDRESS: 1}
        assert [text[s.start : s.end] for s in done.spans] == [CARD, MAIL]
        assert vault.restore(done.text.text) == text

    def test_the_same_value_keeps_its_placeholder_over_the_conversation(self, vault: Vault) -> None:
        first = redact(f"I am {MAIL}", Detector(), vault).text.text
        again = redact(f"again {MAIL.upper()}", Detector(), vault).text.text
        assert first.split()[-1] == again.split()[-1]

    def test_two_values_never_share_one(self, vault: Vault) -> None:
        done = redact("a@example.org b@example.org", Detector(), vault).text.text
        assert len(set(done.split())) == 2

    def test_a_value_known_from_before_is_hidden_where_no_detector_would_see_it(self, vault: Vault) -> None:
        named = Detector(patterns=(), ner=lambda text: (Span(0, 6, Label.PERSON, 0.9, "ner"),))
        redact("Jansen called", named, vault)
        done = redact("and then Jansen left; Jansens stayed", Detector(patterns=()), vault).text.text
        assert "Jansen left" not in done
        assert "Jansens stayed" in done

    def test_a_full_name_is_known_by_its_surname_afterwards(self, vault: Vault) -> None:
        named = Detector(
            patterns=(),
            ner=lambda text: (Span(0, 12, Label.PERSON, 0.9, "ner"),) if text.startswith("Jan") else (),
        )
        redact("Jan Klaassen called", named, vault)
        done = redact("Klaassen again, a klaassen, Jan", named, vault).text.text
        assert done.startswith("[PERSON_2·")
        assert done.endswith(" again, a klaassen, Jan")

    def test_text_that_looks_like_a_placeholder_comes_back_byte_for_byte(self, vault: Vault) -> None:
        own = redact(MAIL, Detector(), vault).text.text
        for text in (
            own,
            own.lower(),
            f"x {own}{own} y",
            own.replace("·", "-"),
            "[PERSON_1·zzzz]",
            f"\\{own[:-1]}\\]",
        ):
            done = redact(text, Detector(), vault).text.text
            assert MAIL not in vault.restore(done)
            assert vault.restore(done) == text

    def test_a_card_inside_a_fake_placeholder_is_still_hidden(self, vault: Vault) -> None:
        done = redact(f"[PERSON_1·{CARD}] [4111·1111]", Detector(), vault).text.text
        assert CARD not in done

    def test_a_lone_surrogate_is_refused(self, vault: Vault) -> None:
        with pytest.raises(BadRequest):
            redact("a\ud800b", Detector(), vault)

    def test_hidden_characters_inside_a_number_do_not_hide_it_from_us(self, vault: Vault) -> None:
        done = redact(
            "card 4111\u200b 1111 1111\u00a01111 and ４１１１１１１１１１１１１１１１", Detector(), vault
        )
        assert done.labels == {Label.CREDIT_CARD: 2}
        assert "1111" not in done.text.text


def _only_first(document: Document) -> list[Span]:
    """A faulty detector: one finding per pass, for ever new ones."""
    at = document.text.find("9")
    return [] if at < 0 else [hit("faulty", at, at + 1, Label.CREDIT_CARD, 1.0, valid=True)]


def _never_satisfied(document: Document) -> list[Span]:
    return [hit("mad", 0, 1, Label.CREDIT_CARD, 1.0, valid=True)] if document.text else []


class TestFailsClosed:
    def test_a_neighbour_that_shows_only_after_the_first_pass_is_hidden_too(self, vault: Vault) -> None:
        faulty = Detector(patterns=(Pattern("faulty", (Label.CREDIT_CARD,), _only_first),))
        assert "9" not in redact("a9b9c", faulty, vault).text.text.replace(vault._nonce, "")

    def test_a_text_that_never_comes_out_clean_does_not_leave(self, vault: Vault) -> None:
        mad = Detector(patterns=(Pattern("mad", (Label.CREDIT_CARD,), _never_satisfied),))
        with pytest.raises(Broken, match="redaction incomplete"):
            redact("abc", mad, vault)

    def test_a_failing_detector_is_an_error_not_an_empty_result(self, vault: Vault) -> None:
        def fails(text: str) -> tuple[Span, ...]:
            raise Broken("the name model failed", code="ner_failed")

        with pytest.raises(Broken):
            redact("Anna", Detector(ner=fails), vault)


class TestJson:
    def test_keys_stay_and_values_are_hidden_with_the_key_as_context(self, vault: Vault) -> None:
        value = {"user": {"mail": MAIL, "password": "hunter2!"}, "n": 3, "ok": True, "none": None}
        done = redact_json(value, Detector(), vault)
        assert done.labels == {Label.EMAIL_ADDRESS: 1, Label.PASSWORD: 1}
        assert '"password":"[PASSWORD_1' in done.text.text
        assert '"n":3,"ok":true,"none":null' in done.text.text

    def test_a_private_key_is_hidden(self, vault: Vault) -> None:
        done = redact_json({MAIL: {"x": [1, 2]}}, Detector(), vault).text.text
        assert MAIL not in done
        assert restore_json_text(done, vault) == f'{{"{MAIL}":{{"x":[1,2]}}}}'

    def test_a_private_number_becomes_text_and_comes_back_a_number(self, vault: Vault) -> None:
        done = redact_json({"card": 4111111111111111, "qty": 12}, Detector(), vault).text.text
        assert "4111111111111111" not in done
        assert restore_json_text(done, vault) == '{"card":4111111111111111,"qty":12}'

    def test_restored_values_are_escaped_as_json_needs_it(self, vault: Vault) -> None:
        spiky = Detector(
            patterns=(),
            ner=lambda t: tuple(
                Span(i, i + 4, Label.PERSON, 1.0, "ner") for i in [t.find('a"\\b')] if i >= 0
            ),
        )
        done = redact_json({"x": 'a"\\b'}, spiky, vault).text.text
        assert restore_json_text(done, vault) == '{"x":"a\\"\\\\b"}'

    def test_a_model_that_escapes_the_dot_is_understood(self, vault: Vault) -> None:
        done = redact_json({"to": MAIL}, Detector(), vault).text.text
        assert restore_json_text(done.replace("·", "\\u00b7"), vault) == f'{{"to":"{MAIL}"}}'

    def test_what_is_not_json_is_redacted_as_text(self, vault: Vault) -> None:
        done = redact_json_text(f"{{broken {MAIL}", Detector(), vault).text.text
        assert done.startswith("{broken [EMAIL_ADDRESS_1")

    def test_nesting_is_bounded(self, vault: Vault) -> None:
        with pytest.raises(BadRequest):
            redact_json_text("[" * 200 + "]" * 200, Detector(), vault)
        assert redact_json_text("[" * 100_000, Detector(), vault).text.text == "[" * 100_000

    def test_a_tool_schema_keeps_its_shape(self, vault: Vault) -> None:
        schema = '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"password":{"type":"string"}}}'
        assert redact_json_text(schema, Detector(), vault).text.text == schema
