"""`python -m edge` is `tidegate edge`."""

from edge.cli import app

app()
