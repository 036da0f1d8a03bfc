"""The main job, shown: real processes started by their commands and driven as a user would."""
