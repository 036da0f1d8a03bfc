"""What a person sees of the daemon in a browser on this machine: its status, and where a request would go. Never what was said."""
