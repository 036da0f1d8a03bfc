"""Values in, placeholders out, and back: exactly, in every chunking, for this conversation only."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.errors import Broken, Untrusted
from tidegate.privacy.commitments import commit
from tidegate.privacy.detect import Detector
from tidegate.privacy.placeholders import MAX_LENGTH, find_placeholders
from tidegate.privacy.redaction import redact
from tidegate.privacy.spans import Label, Span
from tidegate.privacy.vault import ForeignPlaceholder, Vault

NOW = 1_790_000_000.0
KEY = b"k" * 32
CONVERSATION = "conv_0123456789"


@pytest.fixture
def vault() -> Vault:
    return Vault.open(CONVERSATION, KEY, NOW)


class TestSameValue:
    @pytest.mark.parametrize(
        ("label", "one", "other"),
        [
            (Label.PERSON, "Anna Schmidt", "ANNA  schmidt"),
            (Label.CREDIT_CARD, "4111 1111 1111 1111", "4111-1111-1111-1111"),
            (Label.IBAN_CODE, "NL91 ABNA 0417 1643 00", "nl91abna0417164300"),
            (Label.PHONE_NUMBER, "+44 7700 900123", "+447700900123"),
            (Label.MAC_ADDRESS, "00:1A:2B:3C:4D:5E", "001a.2b3c.4d5e"),
        ],
    )
    def test_another_spelling_of_a_value_keeps_its_placeholder(
        self, vault: Vault, label: Label, one: str, other: str
    ) -> None:
        assert vault.hide(label, one) == vault.hide(label, other)
        assert vault.restore(vault.hide(label, other)) == one

    @pytest.mark.parametrize("label", [Label.API_KEY, Label.PASSWORD, Label.CRYPTO, Label.URL])
    def test_secrets_differ_when_their_case_differs(self, vault: Vault, label: Label) -> None:
        assert vault.hide(label, "aB3xyz") != vault.hide(label, "ab3xyz")

    def test_the_same_text_of_another_kind_is_another_value(self, vault: Vault) -> None:
        assert vault.hide(Label.PERSON, "Paris") != vault.hide(Label.LOCATION, "Paris")

    def test_values_that_only_a_plus_tells_apart_stay_apart(self, vault: Vault) -> None:
        assert vault.hide(Label.PHONE_NUMBER, "+44123456") != vault.hide(Label.PHONE_NUMBER, "44123456")


class TestForeign:
    def test_a_placeholder_of_another_conversation_is_an_incident(self, vault: Vault) -> None:
        other = Vault.open("conv_9876543210", KEY, NOW + 1)
        strange = other.hide(Label.PERSON, "Bob")
        with pytest.raises(ForeignPlaceholder) as caught:
            vault.restore(f"hello {strange}")
        assert caught.value.code == "foreign_placeholder"
        assert "Bob" not in str(caught.value)

    def test_a_number_that_was_never_given_out_is_an_incident(self, vault: Vault) -> None:
        vault.hide(Label.PERSON, "Bob")
        second = Vault(CONVERSATION, KEY, vault._nonce, NOW)
        second.hide(Label.PERSON, "x")
        with pytest.raises(ForeignPlaceholder):
            vault.restore(second.hide(Label.PERSON, "y"))

    def test_an_altered_one_is_an_incident(self, vault: Vault) -> None:
        mine = vault.hide(Label.PERSON, "Bob")
        with pytest.raises(ForeignPlaceholder):
            vault.restore(mine.replace("PERSON_1", "PERSON_2"))

    def test_in_a_stream_it_is_noticed_where_it_comes(self, vault: Vault) -> None:
        restorer = vault.restorer()
        assert restorer.feed("fine so far ") == "fine so far "
        with pytest.raises(ForeignPlaceholder):
            restorer.feed("[PERSON_9·zzzz]")

    def test_plain_brackets_are_no_incident(self, vault: Vault) -> None:
        text = "a[0], [link](x), [PERSON_1], [TODO_1.abcd], [x_1-2222]"
        assert vault.restore(text) == text


PIECES = st.sampled_from(
    [
        "[",
        "]",
        "\\",
        "·",
        "_1",
        "PERSON",
        " ",
        "a",
        "\u200b",
        "é",
        "[PERSON_1",
        "]]",
        "\\]",
        "\\[",
        "·k3f9]",
        "{0}",
        "{1}",
        "{2}",
        "{3}",
    ]
)


class TestStream:
    @settings(max_examples=120, deadline=None)
    @given(pieces=st.lists(PIECES, max_size=40), cuts=st.lists(st.integers(1, 9), min_size=1, max_size=30))
    def test_every_chunking_gives_the_same_text_and_holds_back_little(
        self, pieces: list[str], cuts: list[int]
    ) -> None:
        vault = Vault.open(CONVERSATION, KEY, NOW)
        mine = [
            vault.hide(Label.PERSON, "Bob"),
            vault.hide(Label.URL, "http://x/[PERSON_1]"),
            vault.hide("LITERAL", "[PERSON_1·k3f9]"),
        ]
        mine.append(mine[0].replace("[", "\\[").replace("]", "\\]"))
        text = "".join(mine[int(p[1])] if p[0] == "{" else p for p in pieces)
        try:
            whole = vault.restore(text)
        except ForeignPlaceholder:
            whole = None
        restorer, out, at, turn = vault.restorer(), "", 0, 0
        try:
            while at < len(text):
                size = cuts[turn % len(cuts)]
                out += restorer.feed(text[at : at + size])
                assert restorer.held_back <= MAX_LENGTH
                at, turn = at + size, turn + 1
            out += restorer.close()
        except ForeignPlaceholder:
            assert whole is None
            return
        assert out == whole

    @settings(max_examples=120, deadline=None)
    @given(
        text=st.text(max_size=80) | st.lists(PIECES, max_size=30).map("".join),
        marks=st.lists(st.integers(0, 80), max_size=8),
    )
    def test_any_text_redacted_anywhere_comes_back_byte_for_byte(self, text: str, marks: list[int]) -> None:
        if not text.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in text):
            return
        spans = tuple(
            Span(a, a + 3, Label.API_KEY, 0.5, "ner") for a in sorted(set(marks)) if a + 3 <= len(text)
        )
        vault = Vault.open(CONVERSATION, KEY, NOW)

        def finder(seen: str) -> tuple[Span, ...]:
            """It is also shown the text without what cannot be seen, which may be shorter."""
            return tuple(span for span in spans if span.end <= len(seen))

        done = redact(text, Detector(patterns=(), ner=finder), vault).text.text
        assert vault.restore(done) == text
        restorer = vault.restorer()
        assert "".join(restorer.feed(c) for c in done) + restorer.close() == text
        assert all(p.name in vault.known_placeholders() for p in find_placeholders(done))


class TestSeal:
    def test_a_sealed_vault_opens_again_and_goes_on_counting(self, vault: Vault) -> None:
        first = vault.hide(Label.PERSON, "Bob")
        number = vault.hide(Label.CREDIT_CARD, "4111111111111111", numeric=True)
        again = Vault.unseal(vault.seal(), KEY, NOW + 5, CONVERSATION)
        assert again.hide(Label.PERSON, "BOB") == first
        assert again.hide(Label.CREDIT_CARD, "4111111111111111", numeric=True) == number
        assert again.hide(Label.PERSON, "Eve").startswith("[PERSON_2·")
        assert again.known_placeholders() > vault.known_placeholders()

    def test_nothing_private_is_readable_in_it(self, vault: Vault) -> None:
        vault.hide(Label.PERSON, "Jan Klaassen")
        assert b"Klaassen" not in vault.seal()
        assert vault.seal() != vault.seal()

    def test_every_altered_byte_is_noticed(self, vault: Vault) -> None:
        vault.hide(Label.PERSON, "Bob")
        sealed = vault.seal()
        for index in range(len(sealed)):
            broken = sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :]
            with pytest.raises(Untrusted):
                Vault.unseal(broken, KEY, NOW, CONVERSATION)

    def test_cut_or_empty_bytes_are_refused(self, vault: Vault) -> None:
        sealed = vault.seal()
        for length in range(0, len(sealed), 7):
            with pytest.raises(Untrusted):
                Vault.unseal(sealed[:length], KEY, NOW, CONVERSATION)

    def test_another_key_conversation_or_day_does_not_open_it(self, vault: Vault) -> None:
        sealed = vault.seal()
        with pytest.raises(Untrusted, match="another key"):
            Vault.unseal(sealed, b"j" * 32, NOW, CONVERSATION)
        with pytest.raises(Untrusted, match="another conversation"):
            Vault.unseal(sealed, KEY, NOW, "conv_9876543210")
        with pytest.raises(Untrusted, match="expiry"):
            Vault.unseal(sealed, KEY, vault.expires_at, CONVERSATION)
        assert vault.expired(vault.expires_at)
        assert not vault.expired(NOW)

    def test_a_wiped_vault_knows_nothing_and_does_nothing(self, vault: Vault) -> None:
        mine = vault.hide(Label.PERSON, "Bob")
        vault.wipe()
        vault.wipe()
        for use in (lambda: vault.hide(Label.PERSON, "Bob"), lambda: vault.restore(mine), vault.seal):
            with pytest.raises(Broken, match="wiped"):
                use()
        assert len(vault) == 0

    def test_it_neither_prints_nor_pickles_its_values(self, vault: Vault) -> None:
        vault.hide(Label.PERSON, "Bob")
        assert repr(vault) == "<Vault 1 entries>"
        assert "Bob" not in repr(vault.values())
        with pytest.raises(TypeError):
            pickle.dumps(vault)

    def test_a_short_key_is_refused(self) -> None:
        with pytest.raises(Broken):
            Vault.open(CONVERSATION, b"short", NOW)


def test_the_nonce_of_a_conversation_depends_on_key_name_and_time() -> None:
    vaults = [
        Vault.open(c, k, t) for c in ("a" * 8, "b" * 8) for k in (KEY, b"j" * 32) for t in (NOW, NOW + 1)
    ]
    assert len({v._nonce for v in vaults}) == 8


def test_commitments_are_salted_sorted_and_leave_out_literals(vault: Vault) -> None:
    vault.hide(Label.PERSON, "Jan Klaassen")
    vault.hide("LITERAL", "[PERSON_1·k3f9]")
    salt = b"s" * 16
    assert vault.commitments(salt) == (commit(salt, "jan klaassen"),)
    assert vault.commitments(b"t" * 16) != vault.commitments(salt)
