"""Other words for the words of tool and parameter names, so that names are read and not remembered."""

from __future__ import annotations

import random
import re

WORDS: dict[str, tuple[str, ...]] = {
    "get": ("check", "fetch", "query", "read", "show"),
    "set": ("adjust", "change", "configure"),
    "add": ("append", "put", "save", "insert"),
    "play": ("start", "stream", "listen"),
    "book": ("reserve",),
    "restaurant": ("table", "dining"),
    "rate": ("score", "review"),
    "search": ("find", "lookup", "look", "query"),
    "creative": ("artistic",),
    "work": ("title", "item"),
    "screening": ("movie", "cinema", "film"),
    "event": ("showtime", "showing", "schedule"),
    "weather": ("forecast", "climate"),
    "playlist": ("tracklist", "mix"),
    "music": ("song", "audio"),
    "city": ("town", "place"),
    "country": ("nation",),
    "state": ("region", "province"),
    "time": ("when", "date"),
    "range": ("period", "span"),
    "timerange": ("when", "date", "period"),
    "artist": ("musician", "band", "singer"),
    "track": ("song", "tune"),
    "album": ("record",),
    "genre": ("style",),
    "service": ("provider", "platform"),
    "rating": ("score", "stars"),
    "value": ("number", "points"),
    "object": ("item", "thing"),
    "name": ("title", "label"),
    "movie": ("film",),
    "location": ("place", "where"),
    "party": ("group", "guest"),
    "size": ("count",),
    "number": ("count", "amount"),
    "cuisine": ("food", "kitchen"),
    "dish": ("food", "meal"),
    "facility": ("amenity",),
    "turn": ("switch",),
    "hass": ("home", "house", ""),
    "area": ("room", "zone"),
    "domain": ("kind", "type"),
    "light": ("lamp",),
    "brightness": ("level", "intensity"),
    "color": ("colour", "shade"),
    "temperature": ("degrees", "heat"),
    "volume": ("loudness", "level"),
    "position": ("percent", "opening"),
    "timer": ("countdown",),
    "alarm": ("wakeup",),
    "query": ("ask", "check"),
    "remove": ("delete", "cancel"),
    "createoradd": ("create", "add"),
    "lists": ("list",),
    "calendar": ("agenda", "schedule"),
    "email": ("mail",),
    "send": ("write",),
    "news": ("headlines",),
    "transport": ("travel",),
    "takeaway": ("delivery", "food"),
    "recommendation": ("suggest", "recommend"),
    "general": ("chat",),
    "account": ("bank",),
    "balance": ("funds",),
    "card": ("credit",),
    "transfer": ("move", "send"),
    "flight": ("plane",),
    "status": ("state", "info"),
    "translate": ("convert",),
    "definition": ("meaning",),
    "directions": ("route",),
    "reminder": ("memo",),
    "shopping": ("grocery",),
    "item": ("entry", "thing"),
    "device": ("gadget",),
    "start": ("begin", "run"),
    "stop": ("halt", "end"),
    "pause": ("hold",),
    "next": ("skip",),
}
SPLIT = re.compile(r"_|\.|(?<=[a-z])(?=[A-Z])")


def reworded(name: str, rng: random.Random, share: float = 0.5) -> str:
    """The name with some of its words replaced by others that mean nearly the same; never empty."""
    words = [word for word in SPLIT.split(name) if word]
    found = []
    for word in words:
        others = WORDS.get(word.lower())
        fresh = rng.choice(others) if others and rng.random() < share else word
        if fresh:
            found.append(fresh.capitalize() if word[:1].isupper() else fresh)
    style = "_" if "_" in name else ""
    joined = (
        style.join(found)
        if style
        else "".join(w if i == 0 else w[:1].upper() + w[1:] for i, w in enumerate(found))
    )
    return joined or name
