"""What both tiers of Tidegate know: values, privacy, guard, risk, identity, signing, engines and the wire."""

__version__ = "0.1.0"
