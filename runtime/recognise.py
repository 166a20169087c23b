"""Which object model a file is read with: the one that was asked for, or the one that it shows."""

from __future__ import annotations

from adl.runtime.inputs.joined import Joined
from adl.runtime.inputs.trees import Input
from adl.stdlib.models import Model
from adl.stdlib.models.recognition import Recognised, recognise


def model_for(source: Input, asked: Model | None) -> Recognised:
    """Return the model of an open file, and why it is this one.

    Raises:
        ModelError: None was asked for, and the file fits two equally well.
    """
    if asked is not None:
        return Recognised(asked, "it was asked for")
    own = source.own if isinstance(source, Joined) else source  # friends have any columns
    return recognise(own.tree, own.branches(), own.path)
