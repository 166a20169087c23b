"""One event, statement by statement: what `adl why` prints."""
