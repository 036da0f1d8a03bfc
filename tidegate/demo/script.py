"""What the demo asks. Written before any training; the texts are kept out of the training data."""

from __future__ import annotations

from dataclasses import dataclass, field

from tidegate.chat import JSON


@dataclass(frozen=True, slots=True)
class Utterance:
    """One request and the call that is right: the tool, each argument the request names, and what may stand beside them.

    Values are words of the request. An argument in neither list makes a call wrong.
    """

    text: str
    tool: str
    arguments: dict[str, str] = field(default_factory=dict)
    beside: dict[str, tuple[str, ...]] = field(default_factory=dict)


UTTERANCES = (
    Utterance(
        "what's the weather like in Lisbon tomorrow",
        "GetWeather",
        {"city": "Lisbon", "timeRange": "tomorrow"},
    ),
    Utterance(
        "add this song to my workout playlist",
        "AddToPlaylist",
        {"playlist": "workout"},
        {"music_item": ("song",), "playlist_owner": ("my",)},
    ),
    Utterance("play some jazz by Miles Davis", "PlayMusic", {"genre": "jazz", "artist": "Miles Davis"}),
    Utterance(
        "book a table for four at an Italian restaurant in Denver tonight",
        "BookRestaurant",
        {"party_size_number": "four", "cuisine": "Italian", "city": "Denver", "timeRange": "tonight"},
        {"restaurant_type": ("restaurant",)},
    ),
    Utterance(
        "give the novel Dune five stars",
        "RateBook",
        {"object_name": "Dune", "rating_value": "five"},
        {"object_type": ("novel",), "rating_unit": ("stars",)},
    ),
    Utterance(
        "turn off the lights in the kitchen",
        "HassTurnOff",
        {"area": "kitchen"},
        {"domain": ("light", "lights"), "name": ("lights",)},
    ),
    Utterance(
        "set the bedroom thermostat to 21 degrees",
        "HassClimateSetTemperature",
        {"area": "bedroom", "temperature": "21"},
    ),
    Utterance(
        "when is the movie Arrival playing at the nearest cinema",
        "SearchScreeningEvent",
        {"movie_name": "Arrival"},
        {"object_type": ("movie",), "spatial_relation": ("nearest",), "location_name": ("cinema",)},
    ),
    Utterance(
        "find the video game Stardew Valley",
        "SearchCreativeWork",
        {"object_name": "Stardew Valley"},
        {"object_type": ("video game",)},
    ),
    Utterance(
        "will it rain in Oslo this weekend",
        "GetWeather",
        {"city": "Oslo", "timeRange": "this weekend"},
        {"condition_description": ("rain",)},
    ),
)
KEEP_AT = 0.01
"""The demo's device keeps every call it drafts, right or wrong, so that scene 1 shows what the embedded model does."""


def _tool(name: str, description: str, *words: str, **typed: JSON) -> dict[str, JSON]:
    properties: dict[str, JSON] = {word: {"type": "string"} for word in words}
    properties.update(typed)
    parameters: JSON = {"type": "object", "properties": properties}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


MEDIA = (
    _tool("GetWeather", "Weather forecast", "city", "country", "state", "timeRange", "condition_description"),
    _tool(
        "AddToPlaylist",
        "Add music to a playlist",
        "music_item",
        "artist",
        "playlist",
        "playlist_owner",
        "entity_name",
    ),
    _tool("PlayMusic", "Play music", "artist", "album", "genre", "track", "music_item", "service", "year"),
    _tool(
        "RateBook", "Rate a book", "object_name", "object_type", "rating_value", "rating_unit", "best_rating"
    ),
)
OUTINGS = (
    _tool(
        "BookRestaurant", "Book a table", "city", "state", "timeRange", "party_size_number", "cuisine", "restaurant_type",
        "restaurant_name",
    ),
    _tool("SearchCreativeWork", "Find a creative work", "object_name", "object_type"),
    _tool(
        "SearchScreeningEvent", "Film showings", "movie_name", "object_type", "location_name", "spatial_relation", "timeRange",
    ),
)  # fmt: skip
HOME = (
    _tool("HassTurnOn", "Turn a device on", "area", "name", "domain"),
    _tool("HassTurnOff", "Turn a device off", "area", "name", "domain"),
    _tool("HassClimateSetTemperature", "Set the temperature", "area", temperature={"type": "number"}),
)
GROUPS = (MEDIA, OUTINGS, HOME)


def tools_for(utterance: Utterance) -> tuple[dict[str, JSON], ...]:
    """The tools an application of that kind offers with the request: one group, holding the right tool among others."""
    for group in GROUPS:
        if any(_name(tool) == utterance.tool for tool in group):
            return group
    raise LookupError(utterance.tool)


def _name(tool: dict[str, JSON]) -> str:
    function = tool["function"]
    return str(function["name"]) if isinstance(function, dict) else ""


CUSTOMER = (
    "A customer, Katharina Lindqvist, Birkenweg 14, 80331 München, phone +49 89 9018 2233, card 4556 7375 8689 9855, "
    "IBAN DE89 3704 0044 0532 0130 00, reports error E42 on her Aurelia HP-8 heat pump. What does E42 mean, and what do we answer her?"
)
SECRETS = (
    "Katharina", "Lindqvist", "Birkenweg 14", "+49 89 9018 2233", "9018 2233", "4556 7375 8689 9855", "DE89 3704 0044",
)  # fmt: skip
NEEDS_PERSON = "A customer wants a refund for the Aurelia HP-8 because of error E42. What do we answer?"
WHILE_AWAY = "What does error E17 on the Aurelia HP-8 mean, and what should the customer do first?"
FOLLOW_UP = "turn on the lamp in the hallway"
OPERATORS_ANSWER = (
    "We are sorry about the trouble. A technician checks the water flow first; if the fault is ours, we refund the visit in full. "
    "We will confirm the appointment by letter."
)
