"""Which object model a file is read with: the one that was asked for, or the one that it shows."""

from __future__ import annotations

from adl.check.checker import computed
from adl.runtime.inputs.joined import Joined
from adl.runtime.inputs.trees import Input
from adl.stdlib.models import Model, ModelError
from adl.stdlib.models.named import absent
from adl.stdlib.models.recognition import OTHERWISE, Recognised, recognise, recognised_by


def model_for(source: Input, asked: Model | None) -> Recognised:
    """Return the model of an open file, and why it is this one.

    Raises:
        ModelError: None was asked for, and the file fits two equally well.
    """
    if asked is not None:
        return Recognised(asked, "it was asked for")
    own = source.own if isinstance(source, Joined) else source  # friends have any columns
    return recognise(own.tree, own.branches(), own.path)


def unfit(source: Input, model: Model) -> list[str]:
    """Return what a user's own model names that a file has not, with the model's lines.

    Of a model of ours, that the file is of another format.
    """
    if not model.named:
        return _of_another_format(source, model)
    branches = source.branches()
    files = {column.place.rpartition(":")[0] for column in model.named}
    refused = computed(model.schema(branches))[1].items()
    formulas = [f"{p}: {why}, in" for p, why in refused if p.rpartition(":")[0] in files]
    return [f"{text} {source.path}" for text in (*absent(model.named, branches), *formulas)]


def _of_another_format(source: Input, model: Model) -> list[str]:
    """Say what a file shows that is read with a model that does not fit it."""
    try:
        shown = model_for(source, None)
    except ModelError:
        return []
    own = source.own if isinstance(source, Joined) else source
    fits = recognised_by(model, own.tree, own.branches())
    if fits or not model.recognition or shown.model.name == OTHERWISE:
        return []
    other = f"looks like {shown.model.name}: {shown.reason}"
    return [f"{source.path} is read as {model.name}, and {other}"]
