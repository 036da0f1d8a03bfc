"""The only way out: escalations, redacted, over mTLS gRPC; and the fleet session."""
