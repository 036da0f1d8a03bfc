"""Generated from proto/ by scripts/wire; never edited."""
