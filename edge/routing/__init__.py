"""Where a request should be answered, how sure the draft is, and what the link is like."""
