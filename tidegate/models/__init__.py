"""Models beyond the shipped ones: fetched, checked, kept, tried in a child process, and only then put to work.

A pull is a pipeline (`pull.py`): a source says what it has (`hub`, `web`, a local file, a bundle), the licence is shown
and accepted, the disk is asked for room, bytes arrive in a staging folder that survives interruptions (`download`), are
hashed and looked at (`inspect`), and the folder is renamed into the store. Nothing that serves is touched before `use`.
"""
