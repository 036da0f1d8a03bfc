"""How each kind of tool is carried out: bounded in time, output and memory, and never through a shell."""
