"""The edge daemon against its bars, beside llama.cpp's own server, in one run: `scripts/bench edge`."""
