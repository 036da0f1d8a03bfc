"""The device daemon: answers what it can, redacts and escalates what it cannot."""
