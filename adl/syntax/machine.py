"""The parser's machine: shift and reduce by lark's table, one token at a time.

lark has such a loop too. This one passes over the rules that only hand a value on, which are most
of the steps in an expression, and it can go back to where a statement began.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lark import Token
from lark.parse_tree_builder import ExpandSingleChild
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_parser_state import ParseConf

SHIFT = -1
END = "$END"

# SHIFT, the next state and what makes a value of the token; or the number of values that a rule
# takes, its name, and what makes one value of them: None for a rule that hands its value on.
Action = tuple[int, Any, Callable[[Any], Any] | None]
Stacks = tuple[list[int], list[Any]]  # the states, and the values read so far


class Refused(Exception):
    """The token can stand nowhere in a text that begins like this one."""


class Machine:
    """Reads tokens; ``rows`` are the actions of the states that were visited."""

    def __init__(self, tables: ParseConf[int]) -> None:
        self.tables = tables
        self.rows: dict[int, dict[str, Action]] = {}
        self.handed: dict[tuple[int, int, str], int] = {}
        self.states = [tables.start_state]
        self.values: list[Any] = []

    def place(self) -> Stacks:
        """Return where the machine stands, to go back to."""
        return self.states[:], self.values[:]

    def go_back(self, to: Stacks) -> None:
        """Return to where the machine stood; what was read since then is forgotten."""
        self.states, self.values = to[0][:], to[1][:]

    def feed(self, token: Token) -> None:
        """Read a token, or raise Refused."""
        kind = token.type
        states, values = self.states, self.values
        while True:
            size, target, make = self.action(states[-1], kind)
            if size == SHIFT:
                states.append(target)
                values.append(make(token) if make else token)
                return
            if make is None:
                states[-1] = self.hand_on(states[-2], states[-1], kind)
            else:
                self.reduce(size, target, make)

    def finish(self) -> Any:
        """Return the value of the whole text."""
        while self.states[-1] != self.tables.end_state:
            self.reduce(*self.action(self.states[-1], END))
        return self.values[-1]

    def reduce(self, size: int, rule: str, make: Callable[[Any], Any] | None) -> None:
        """Replace the newest values by what a rule makes of them."""
        states, values = self.states, self.values
        if make is None:
            states.pop()
        elif size:
            children = values[-size:]
            del values[-size:], states[-size:]
            values.append(make(children))
        else:
            values.append(make([]))
        states.append(self.tables.states[states[-1]][rule][1])

    def hand_on(self, below: int, state: int, kind: str) -> int:
        """Return the state after all rules that hand on the newest value as it is.

        An expression is handed on through a rule for each precedence: remembered, it is one step.
        """
        key = below, state, kind
        found = self.handed.get(key)
        if found is None:
            size, rule, make = self.action(state, kind)
            while size != SHIFT and make is None:
                state = self.tables.states[below][rule][1]
                size, rule, make = self.action(state, kind)
            found = self.handed[key] = state
        return found

    def action(self, state: int, kind: str) -> Action:
        """Return what a state does with a token of a type, or raise Refused."""
        row = self.rows.get(state)
        if row is None:
            row = self.rows[state] = self.row(state)
        if kind not in row:
            raise Refused(kind)
        return row[kind]

    def row(self, state: int) -> dict[str, Action]:
        """Return what a state does with each token."""
        callbacks = self.tables.callbacks
        row: dict[str, Action] = {}
        for kind, (action, argument) in self.tables.states[state].items():
            if action is Shift:
                row[kind] = (SHIFT, argument, callbacks.get(kind))
                continue
            size = len(argument.expansion)
            make = callbacks[argument]
            hands_on = size == 1 and isinstance(make, ExpandSingleChild)
            # A plain str: lark's own compares its kind, too, and slowly.
            row[kind] = (size, str(argument.origin.name), None if hands_on else make)
        return row

    def accepted(self) -> set[str]:
        """Return the types of the tokens that can be read next."""
        return {
            kind
            for kind in self.tables.states[self.states[-1]]
            if kind.isupper() and self.accepts(kind)
        }

    def accepts(self, kind: str) -> bool:
        """Whether a token of a type can be read next."""
        stack = self.states[:]
        while kind in self.tables.states[stack[-1]]:
            action, rule = self.tables.states[stack[-1]][kind]
            if action is Shift:
                return True
            del stack[len(stack) - len(rule.expansion) :]
            stack.append(self.tables.states[stack[-1]][rule.origin.name][1])
        return False
