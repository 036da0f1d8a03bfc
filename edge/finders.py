"""What finds private text and attacks on this device: one encoder for both, chosen by the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edge.config import EdgeConfig, rules
from tidegate.privacy.detect import Detector

PROVIDERS = "providers.json"  # in the state folder: which of onnxruntime's providers won on this machine


def book(config: EdgeConfig) -> Path:
    """The file that remembers which provider runs the encoder fastest."""
    return config.state / PROVIDERS


def build_detector(config: EdgeConfig) -> Detector:
    """What finds private text. Raises Broken."""
    from tidegate.privacy import detect, ner

    policy = config.policy
    found = detect.build_detector(ner=policy.names, load=lambda: ner.load_ner(policy.encoder, book(config)))
    return replace(found, rules=rules(config.privacy))


def build_guard(config: EdgeConfig) -> Callable[[str], float]:
    """What scores attacks. Raises Broken."""
    from tidegate.guard.injection import load_guard

    return load_guard(config.policy.encoder, book(config))
