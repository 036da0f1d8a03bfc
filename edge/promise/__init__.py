"""The promise in operation: which drafts are kept, which kept ones are checked, what was found, and the alarm."""
