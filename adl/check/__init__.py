"""Meaning: names, types, quantifiers, dialects. Every user's mistake is found here."""
