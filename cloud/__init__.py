"""The validation and fleet tier: admits, answers, validates, holds for people, logs provably."""
