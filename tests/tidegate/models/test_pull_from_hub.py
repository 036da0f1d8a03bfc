"""A pull, end to end, against a server that speaks the hub's protocol: what arrives, what is refused, what is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.fakes.gguf_files import gguf
from tests.fakes.hub import COMMIT, Hub, Repo, running
from tidegate.clock import FixedClock
from tidegate.errors import BadRequest, Broken, Exhausted, TidegateError, Unreachable, Untrusted
from tidegate.models.download import RESERVE, TRIES, Means, Wanted, client, fetch
from tidegate.models.licence import Terms
from tidegate.models.progress import Silent
from tidegate.models.pull import Asked, House, Pulled, pull
from tidegate.models.record import Kind, Licence
from tidegate.models.source import parse_source
from tidegate.models.store import Store

MODEL = gguf({"llama.context_length": 4096, "llama.block_count": 2}, tensors=4000)
SMALL = gguf()
SHA256 = hashlib.sha256(MODEL).hexdigest()
NAME = "pump-model-q8_0"


@dataclass
class Desk:
    """A person at a machine: what they were shown, how they answered, how long was waited."""

    root: Path
    hub: Hub
    http: httpx.Client
    yes: bool = True
    free: int = 10**12
    shown: list[Terms] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return Store(self.root / "store")

    def accept(self, _name: str, terms: Terms) -> bool:
        self.shown.append(terms)
        return self.yes

    def pull(
        self, source: str = "hf:acme/pump:pump-model-Q8_0.gguf", *, name: str = "", sha256: str = ""
    ) -> Pulled:
        found = parse_source(source, is_folder=False, has_manifest=False)
        means = Means(lambda: self.http, Silent(), lambda _: self.free, self.waits.append)
        house = House(self.store, means, FixedClock(), self.accept, self.hub.url)
        (pulled,) = pull(Asked(found, name, sha256), house)
        return pulled

    def staged(self) -> dict[str, int]:
        """Files of half-fetched models and their sizes."""
        root = self.store.folder / ".incoming"
        return {p.name: p.stat().st_size for p in root.rglob("*") if p.is_file() and p.name != "owner.lock"}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """One client for all tests: making one reads the machine's certificates."""
    with client(timeout_s=5.0) as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path, http: httpx.Client) -> Iterator[Desk]:
    with running() as hub:
        hub.repos["acme/pump"] = Repo(
            {"README.md": b"a card", "pump-model-Q8_0.gguf": MODEL, "tiny/other.gguf": SMALL}
        )
        yield Desk(tmp_path, hub, http)


def refusal(kind: type[TidegateError], pulling: Callable[[], object]) -> TidegateError:
    with pytest.raises(kind) as caught:
        pulling()
    return caught.value


def test_a_model_of_the_hub_arrives_whole_with_its_commit_licence_and_hash(desk: Desk) -> None:
    pulled = desk.pull()
    record = pulled.kept.record
    assert pulled.new
    assert pulled.kept.weights.read_bytes() == MODEL
    assert (record.name, record.kind, record.revision, record.source) == (
        NAME,
        Kind.CHAT,
        COMMIT,
        "hf:acme/pump",
    )
    assert record.weights.sha256 == SHA256
    assert record.licence == Licence("apache-2.0", "", "2026-09-21T14:13:20Z")
    assert (record.architecture, record.context) == ("llama", 4096)
    assert desk.staged() == {}
    assert desk.store.get(NAME) == pulled.kept


def test_the_bytes_come_from_the_commit_that_was_listed(desk: Desk) -> None:
    desk.pull()
    assert [path for method, path, _ in desk.hub.requests if method == "GET"] == [
        "/api/models/acme/pump/revision/main?blobs=true",
        f"/acme/pump/resolve/{COMMIT}/pump-model-Q8_0.gguf",
        f"/blobs/{SHA256}",
    ]


def test_a_second_pull_fetches_nothing_and_asks_nothing(desk: Desk) -> None:
    desk.pull()
    again = desk.pull()
    assert not again.new
    assert len(desk.hub.asked("/blobs/")) == 1
    assert len(desk.shown) == 1


def test_a_file_may_be_meant_by_a_pattern_and_lie_in_a_folder(desk: Desk) -> None:
    assert desk.pull("hf:acme/pump:*other*").kept.weights.read_bytes() == SMALL


def test_the_licence_is_shown_before_a_byte_is_fetched(desk: Desk) -> None:
    desk.yes = False
    said = refusal(BadRequest, desk.pull)
    assert said.code == "licence_not_accepted"
    assert desk.shown[0].licence.name == "apache-2.0"
    assert not desk.hub.asked("/blobs/")
    assert desk.store.kept() == ()


def test_a_licence_of_its_own_is_named_and_linked(desk: Desk) -> None:
    desk.hub.repos["acme/pump"].card = {
        "license": "other", "license_name": "Acme\x1b[2J Community", "license_link": "https://acme.example/l"
    }  # fmt: skip
    desk.pull()
    assert desk.shown[0].licence == Licence("acme[2j community", "https://acme.example/l")


# ------------------------------------------------------------------------------------------------------- interruptions


def test_a_broken_connection_is_taken_up_where_it_ended(desk: Desk) -> None:
    desk.hub.faults.cut_after = [50_000, 20_000]
    desk.pull()
    ranges = [headers.get("range") for headers in desk.hub.asked("/blobs/")]
    assert ranges == [None, "bytes=50000-", "bytes=70000-"]
    assert desk.store.get(NAME).weights.read_bytes() == MODEL


def test_what_came_survives_giving_up_and_the_next_pull_goes_on(desk: Desk) -> None:
    desk.hub.faults.cut_after = [40_000, *[0] * (TRIES - 1)]
    said = refusal(Unreachable, desk.pull)
    assert said.code == "hub_unreachable"
    assert "the same command goes on from there" in str(said)
    assert desk.staged()["pump-model-Q8_0.gguf.part"] == 40_000
    assert desk.store.kept() == ()
    desk.pull()
    assert desk.hub.asked("/blobs/")[-1]["range"] == "bytes=40000-"
    assert desk.store.get(NAME).weights.read_bytes() == MODEL


def test_a_server_that_knows_no_ranges_sends_everything_anew(desk: Desk) -> None:
    desk.hub.faults.cut_after, desk.hub.faults.ignore_ranges = [40_000], True
    assert desk.pull().kept.weights.read_bytes() == MODEL


def test_a_file_that_was_whole_when_the_power_went_is_not_fetched_again(desk: Desk) -> None:
    desk.hub.faults.cut_after = [len(MODEL) - 1, *[0] * (TRIES - 1)]
    refusal(Unreachable, desk.pull)
    part = next(desk.store.folder.rglob("*.part"))
    part.write_bytes(MODEL)
    desk.hub.faults.cut_after = []
    assert desk.pull().kept.weights.read_bytes() == MODEL


def test_a_busy_server_is_asked_again_after_a_pause(desk: Desk) -> None:
    desk.hub.faults.busy = 2
    desk.pull()
    assert desk.waits == [1.0, 3.0]


# ------------------------------------------------------------------------------------------------------------ refusals


def test_another_content_than_the_hub_promised_is_thrown_away(desk: Desk) -> None:
    desk.hub.faults.send = MODEL[:-1] + b"\x02"
    said = refusal(Untrusted, desk.pull)
    assert said.code == "wrong_hash"
    assert desk.staged() == {}
    assert desk.store.kept() == ()


def test_a_hash_given_by_the_person_is_the_one_that_counts(desk: Desk) -> None:
    assert refusal(Untrusted, lambda: desk.pull(sha256="0" * 64)).code == "wrong_hash"
    assert desk.store.kept() == ()


def test_a_shorter_file_than_the_hub_promised_is_refused_at_once(desk: Desk) -> None:
    desk.hub.faults.send = MODEL[:-100]
    assert refusal(Untrusted, desk.pull).code == "short_file"
    assert desk.staged() == {}


def test_a_longer_file_than_the_hub_promised_is_refused_at_once(desk: Desk) -> None:
    desk.hub.faults.send = MODEL + b"more"
    assert refusal(Untrusted, desk.pull).code == "wrong_size"


def test_a_full_disk_is_seen_before_a_byte_is_fetched(desk: Desk) -> None:
    desk.free = RESERVE + len(MODEL) - 1
    said = refusal(Exhausted, desk.pull)
    assert said.code == "disk_full"
    assert not desk.hub.asked("/blobs/")
    desk.free += 1
    assert desk.pull().new


def test_a_network_that_does_not_write_is_refused_before_a_byte_is_fetched(desk: Desk) -> None:
    desk.hub.repos["acme/pump"].architecture = "bert"
    assert refusal(Broken, desk.pull).code == "wrong_architecture"
    assert not desk.hub.asked("/blobs/")


def test_a_file_that_is_no_gguf_is_removed_again(desk: Desk) -> None:
    desk.hub.repos["acme/pump"].files = {"x.gguf": b"<html>not a model</html>"}
    assert refusal(Broken, lambda: desk.pull("hf:acme/pump")).code == "model_not_gguf"
    assert desk.staged() == {}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("hf:acme/nothing", "hub_unknown_repo"),
        ("hf:acme/pump@v9", "hub_unknown_revision"),
        ("hf:acme/pump:none.gguf", "which_file"),
        ("hf:acme/pump", "which_file"),
    ],
)
def test_what_the_hub_does_not_have_is_said(desk: Desk, source: str, code: str) -> None:
    assert refusal(BadRequest, lambda: desk.pull(source)).code == code


def test_the_choice_is_shown_when_several_files_fit(desk: Desk) -> None:
    said = str(refusal(BadRequest, lambda: desk.pull("hf:acme/pump")))
    assert "pump-model-Q8_0.gguf (" in said
    assert "tiny/other.gguf (" in said


def test_a_gated_model_is_explained_with_its_page(desk: Desk) -> None:
    desk.hub.faults.gated = True
    said = refusal(BadRequest, desk.pull)
    assert said.code == "hub_gated"
    assert "HF_TOKEN" in str(said)
    assert desk.shown[0].gated


def test_a_token_goes_to_the_hub_and_not_to_where_it_sends_us(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_member")
    desk.hub.faults.gated = True
    desk.pull()
    (resolved,) = desk.hub.asked("/acme/pump/resolve/")
    (stored,) = desk.hub.asked("/blobs/")
    assert resolved["authorization"] == "Bearer hf_member"
    assert "authorization" not in stored


def test_a_hub_that_is_down_is_no_defect(desk: Desk) -> None:
    desk.hub.faults.down = True
    assert refusal(Unreachable, desk.pull).code == "hub_unreachable"


def test_a_hub_that_is_not_there_is_no_defect(desk: Desk) -> None:
    desk.hub.url = "http://127.0.0.1:9"
    assert refusal(Unreachable, desk.pull).code == "hub_unreachable"


def test_something_else_at_the_hubs_address_is_said(desk: Desk) -> None:
    desk.hub.faults.babble = True
    assert refusal(Broken, desk.pull).code == "bad_answer"


def test_another_model_under_the_same_name_is_refused_and_the_first_stays(desk: Desk) -> None:
    desk.pull(name="mine")
    assert refusal(BadRequest, lambda: desk.pull("hf:acme/pump:*other*", name="mine")).code == "name_taken"
    assert desk.store.get("mine").weights.read_bytes() == MODEL


# ---------------------------------------------------------------------------------------------------- plain addresses


def test_a_plain_address_resumes_by_its_entity_tag(desk: Desk) -> None:
    desk.hub.repos["acme/pump"].files = {"notes.gguf": MODEL}
    desk.hub.faults.cut_after = [30_000]
    url = f"{desk.hub.store_url}/blobs/{SHA256}"
    means = Means(lambda: desk.http, Silent(), lambda _: desk.free, desk.waits.append)
    found = fetch(Wanted(url, "notes.gguf"), desk.root, means)
    assert found.sha256 == SHA256
    second = desk.hub.asked("/blobs/")[1]
    assert second["range"] == "bytes=30000-"
    assert second["if-range"].startswith('"')


def test_a_server_that_hides_the_length_is_refused(desk: Desk) -> None:
    desk.hub.faults.hide_length = True
    assert refusal(Broken, desk.pull).code == "size_unknown"


def test_a_missing_file_at_a_plain_address_is_said(desk: Desk) -> None:
    assert refusal(BadRequest, lambda: desk.pull(f"{desk.hub.store_url}/nothing.gguf")).code == "no_such_file"
