"""What the domain and complexity heads learn from, and their training on the frozen trunk.

Domain: what an utterance is about, from the scenarios and intents of public NLU sets; knowledge and writing from question sets.
Labels of HaluEval's prompts are a rule of ours (a short question word first: knowledge, otherwise writing).

Complexity is two measured things and no opinion:
`weak_fails`: the share of small models (4B and less; for MMLU the one weak model) that failed on this text in published runs;
`several`: whether the text holds more than one request. Those texts are made here, by joining two real utterances.
"""

import csv
import gzip
import hashlib
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from scripts.training.sentry_net import DOMAINS, Batch, Sentry, pool
from tidegate.privacy.wordpiece import WordPiece

HELD_OUT = "slurp"  # never trained on, whole
NONE = -1.0


@dataclass(frozen=True, slots=True)
class Case:
    """A text with what is known of it: an index into DOMAINS or -1, shares in 0..1 or NONE."""

    text: str
    source: str
    domain: int = -1
    weak_fails: float = NONE
    several: float = NONE


_SCENARIO = {
    "iot": "home",
    "audio": "media",
    "play": "media",
    "music": "media",
    "calendar": "calendar",
    "alarm": "calendar",
    "datetime": "calendar",
    "lists": "lists",
    "email": "messages",
    "social": "messages",
    "weather": "weather",
    "news": "news",
    "transport": "travel",
    "takeaway": "food",
    "cooking": "food",
    "qa": "knowledge",
    "general": "chat",
}
_SNIPS = {
    "AddToPlaylist": "media",
    "PlayMusic": "media",
    "SearchCreativeWork": "media",
    "SearchScreeningEvent": "media",
    "BookRestaurant": "food",
    "GetWeather": "weather",
}
_CLINC_DOMAIN = {
    "banking": "money",
    "credit_cards": "money",
    "kitchen_and_dining": "food",
    "auto_and_commute": "travel",
    "travel": "travel",
    "work": "work",
    "small_talk": "chat",
    "meta": "chat",
}
_CLINC_INTENT = {
    "weather": "weather",
    "smart_home": "home",
    "reminder": "calendar",
    "reminder_update": "calendar",
    "calendar": "calendar",
    "calendar_update": "calendar",
    "meeting_schedule": "calendar",
    "schedule_meeting": "calendar",
    "alarm": "calendar",
    "timer": "calendar",
    "time": "calendar",
    "date": "calendar",
    "timezone": "calendar",
    "next_holiday": "calendar",
    "todo_list": "lists",
    "todo_list_update": "lists",
    "shopping_list": "lists",
    "shopping_list_update": "lists",
    "play_music": "media",
    "next_song": "media",
    "what_song": "media",
    "update_playlist": "media",
    "make_call": "messages",
    "text": "messages",
    "definition": "knowledge",
    "translate": "knowledge",
    "calculator": "knowledge",
    "measurement_conversion": "knowledge",
    "spelling": "knowledge",
    "exchange_rate": "money",
}
_QUESTION = re.compile(
    r"(?i)(who|what|when|where|which|how many|how much|why|is|are|does|did|was)\b[^\n]{0,90}\?\s*$"
)
_WEAK = re.compile(r"(?i)(e2b|e4b|[-_](?:1\.7|3|4)b\b|1\.7b|3b-instruct|phi-3)")


def domains(shared: Path, cap: int, rng: random.Random) -> list[Case]:
    """Texts with a domain, at most `cap` of each domain from the training sources; the held-out source is whole."""
    kept: list[Case] = []
    room = dict.fromkeys(DOMAINS, cap)
    everything = list(_labelled(shared))
    rng.shuffle(everything)
    seen: set[str] = set()
    held = {_plain(text) for text, source, _ in everything if source == HELD_OUT}
    for text, source, domain in everything:
        if _plain(text) in seen or (source != HELD_OUT and _plain(text) in held):
            continue
        seen.add(_plain(text))
        if source != HELD_OUT:
            if not room[domain]:
                continue
            room[domain] -= 1
        kept.append(Case(text, source, DOMAINS.index(domain)))
    return kept


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def _rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(10**7)
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _labelled(shared: Path) -> Iterator[tuple[str, str, str]]:
    nlu = shared / "nlu"
    for line in (nlu / "slurp/devel.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        if row["scenario"] in _SCENARIO:
            yield row["sentence"], "slurp", _SCENARIO[row["scenario"]]
    for cells in _rows(nlu / "hwu64/train.csv"):
        if cells["scenario"] in _SCENARIO and cells["answer_from_anno"]:
            yield cells["answer_from_anno"], "hwu64", _SCENARIO[cells["scenario"]]
    of_intent = {
        intent: domain
        for domain, intents in json.loads((nlu / "clinc150/domains.json").read_text()).items()
        for intent in intents
    }
    clinc = json.loads((nlu / "clinc150/data_full_train_val.json").read_text(encoding="utf-8"))
    for text, intent in (*clinc["train"], *clinc["val"]):
        domain = _CLINC_INTENT.get(intent) or _CLINC_DOMAIN.get(of_intent.get(intent, ""))
        if domain:
            yield text, "clinc150", domain
    for intent, domain in _SNIPS.items():
        content = json.loads(
            (nlu / f"snips/train_{intent}_full.json").read_bytes().decode("utf-8", "replace")
        )
        for row in content[intent]:
            yield "".join(part["text"] for part in row["data"]).strip(), "snips", domain
    for cells in _rows(nlu / "banking77/train.csv"):
        yield cells["text"], "banking77", "money"
    for article in json.loads((shared / "qa/xquad/xquad.en.json").read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                yield question["question"], "xquad", "knowledge"
    for line in (shared / "qa/halueval/data/general_data.json").open(encoding="utf-8"):
        if text := str(json.loads(line)["user_query"]).strip() if line.strip() else "":
            yield text[:600], "halueval", "knowledge" if _QUESTION.match(text) else "writing"


def failures(shared: Path) -> list[Case]:
    """Texts and the share of small models that failed on them."""
    routing = shared / "routing"
    with gzip.open(routing / "mmlu_1500.jsonl.gz", "rt", encoding="utf-8") as lines:
        found = [
            Case(row["prompt"], "mmlu", weak_fails=1.0 - float(row["weak"])) for row in map(json.loads, lines)
        ]
    matrices = [
        (path, "home-assistant", "text")
        for path in sorted((routing / "home-assistant-reports").glob("*.csv"))
    ]
    matrices.append((routing / "zeroeval/crux_matrix.csv", "crux", "prompt"))
    for path, source, column in matrices:
        shares: dict[str, list[float]] = {}
        for row in _rows(path):
            runs = [
                float(row[name])
                for name in row
                if _WEAK.search(name) and row[name] in ("0", "1", "0.0", "1.0")
            ]
            shares.setdefault(row[column], []).extend(1.0 - run for run in runs)
        found += [
            Case(text, source, weak_fails=sum(runs) / len(runs)) for text, runs in shares.items() if runs
        ]
    return found


def joined(cases: list[Case], count: int, rng: random.Random) -> list[Case]:
    """Two utterances in one, and single ones: what `several` learns from. Both halves stay in one split."""
    pools = {
        part: [c.text for c in cases if part_of(c) == part and c.source != HELD_OUT and len(c.text) < 160]
        for part in PARTS
    }
    found = []
    for part, share in (("train", 0.7), ("dev", 0.1), ("test", 0.2)):
        for _ in range(int(count * share)):
            first, second = rng.choice(pools[part]).rstrip(" .?!"), rng.choice(pools[part])
            link = rng.choice(
                [
                    " and ",
                    " and then ",
                    ", ",
                    ". ",
                    "; ",
                    " also ",
                    " and also ",
                    ", then ",
                    " und ",
                    " et ",
                    " en ",
                ]
            )
            found.append(Case(first + link + second, f"joined-{part}", several=1.0))
            found.append(Case(rng.choice(pools[part]), f"joined-{part}", several=0.0))
    return found


PARTS = ("train", "dev", "test")


def part_of(case: Case) -> str:
    """The split of a text, by its own hash: 70 % train, 10 % dev, 20 % test; the held-out source is all test."""
    if case.source == HELD_OUT:
        return "test"
    if case.source.startswith("joined-"):
        return case.source.removeprefix("joined-")
    roll = int(hashlib.sha256(_plain(case.text).encode()).hexdigest()[:8], 16) % 10
    return "test" if roll >= 8 else "dev" if roll == 7 else "train"


def cases(shared: Path, cap: int, seed: int) -> list[Case]:
    """Everything the small heads see; of the published runs at most `cap` texts, which a quick run feels."""
    rng = random.Random(seed)
    labelled = domains(shared, cap, rng)
    runs = failures(shared)
    return labelled + rng.sample(runs, min(len(runs), cap * 3)) + joined(labelled, cap * 3, rng)


def pooled(net: Sentry, wordpiece: WordPiece, texts: list[str]) -> Tensor:
    """The frozen trunk's view of each text (its first window)."""
    room = net.positions.weight.shape[0] - 2
    rows = []
    for at, text in enumerate(texts):
        pieces = wordpiece.encode(text[:2000])
        rows.append((len(pieces.ids[:room]), at, pieces))
    rows.sort(key=lambda row: row[:2])
    out = torch.zeros(len(texts), net.topics.in_features)
    for start in range(0, len(rows), 64):
        group = rows[start : start + 64]
        longest = group[-1][0] + 2
        batch = Batch(*(torch.zeros(len(group), longest, dtype=torch.long) for _ in range(4)))
        for index, (length, _, pieces) in enumerate(group):
            end = length + 2
            batch.ids[index, :end] = torch.tensor([wordpiece.cls, *pieces.ids[:length], wordpiece.sep])
            batch.shapes[index, :end] = torch.tensor([0, *pieces.shapes[:length], 0])
            batch.glues[index, :end] = torch.tensor([4, *pieces.glues[:length], 4])
            batch.mask[index, :end] = 1
        with torch.no_grad():
            views = pool(net.trunk(batch), batch.mask)
        for (_, at, _), view in zip(group, views, strict=True):
            out[at] = view
    return out


def losses(net: Sentry, view: Tensor, domain: Tensor, demand: Tensor) -> Tensor:
    """Cross entropy of the domains and of the two demands, each over the texts that have a label."""
    topic, sign = net.judge(view)
    loss = F.cross_entropy(topic, domain, ignore_index=-1) if bool((domain >= 0).any()) else topic.sum() * 0
    known = demand >= 0
    per_label = F.binary_cross_entropy_with_logits(sign, demand.clamp_min(0), reduction="none")
    return loss + (per_label * known).sum() / known.sum().clamp_min(1)


def train(net: Sentry, wordpiece: WordPiece, known: list[Case], seed: int, epochs: int = 40) -> int:
    """Fit the small heads; the epoch that is best on dev is kept, and its number returned."""
    net.eval()
    view = pooled(net, wordpiece, [case.text for case in known])
    parts = torch.tensor([PARTS.index(part_of(case)) for case in known])
    domain = torch.tensor([case.domain for case in known])
    demand = torch.tensor([[case.weak_fails, case.several] for case in known])
    heads = [net.topics, net.domain, net.demand]
    with torch.no_grad():  # the views have loud directions: start where tanh is not yet flat
        net.topics.weight.div_(view[parts == 0].std(0).clamp_min(0.1))
    optimizer = torch.optim.AdamW([p for head in heads for p in head.parameters()], 2e-3, weight_decay=0.05)
    chosen, best, kept = 0, float("inf"), [{k: v.clone() for k, v in h.state_dict().items()} for h in heads]
    generator = torch.Generator().manual_seed(seed)
    training, dev = (parts == 0).nonzero()[:, 0], parts == 1
    for epoch in range(epochs):
        for rows in training[torch.randperm(len(training), generator=generator)].split(256):
            noisy = view[rows] * (1 + 0.1 * torch.randn(view[rows].shape, generator=generator))
            losses(net, noisy, domain[rows], demand[rows]).backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            loss = float(losses(net, view[dev], domain[dev], demand[dev]))
        if loss < best:
            chosen, best = epoch, loss
            kept = [{k: v.clone() for k, v in h.state_dict().items()} for h in heads]
    for head, state in zip(heads, kept, strict=True):
        head.load_state_dict(state)
    print(
        f"small heads: {len(training)} texts, epoch {chosen} of {epochs} kept, dev loss {best:.3f}",
        flush=True,
    )
    return chosen
