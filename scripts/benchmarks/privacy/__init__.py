"""How well private text is found, how little else is taken for it, and how fast: beside Presidio, DataFog and scrubadub."""
