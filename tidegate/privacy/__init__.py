"""Find what is private, hide it, bring it back."""
