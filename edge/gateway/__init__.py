"""The OpenAI-compatible door, on loopback or a unix socket only."""
