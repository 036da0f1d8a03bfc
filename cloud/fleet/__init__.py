"""The fleet: releases, rollouts, the broker, and the conductor that speaks with devices."""
