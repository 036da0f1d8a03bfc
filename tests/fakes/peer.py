"""A peer that speaks the bench's protocol: run as a child, it finds the word "secret", and misbehaves when told to."""

import json
import sys


def answer(request: dict[str, object]) -> object:
    texts = request.get("texts")
    match request["op"]:
        case "version":
            return "1.2.3"
        case "find" if isinstance(texts, list):
            return [
                None
                if text == "fail"
                else [[text.index("secret"), text.index("secret") + 6, "WORD", 0.5]]
                if "secret" in text
                else []
                for text in texts
            ]
        case "time":
            return {"cpu_s": 0.25, "wall_s": 0.5}
        case "values":
            people = {"first/0": ["Ada"], "first/1": ["Bo"], "last/0": ["Lark"], "last/1": ["Moss"]}
            rest = {
                "address/0": ["1 Elm St, Salem"],
                "abroad/0": [],
                "age/0": ["34"],
                "user/0": ["ada"],
                "town/0": [],
            }
            return people | rest
        case "chatter":
            print("this is no JSON", flush=True)
            return None
        case "die":
            sys.exit(3)
        case "sleep":
            sys.stdin.read()
            return None
        case other:
            raise ValueError(f"unknown request {other!r}")


def main() -> None:
    for line in sys.stdin:
        try:
            reply: dict[str, object] = {"ok": answer(json.loads(line))}
        except ValueError as error:
            reply = {"error": str(error)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
