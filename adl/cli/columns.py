"""``adl columns``: which columns of the input analyses need."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from adl.cli.common import AnalysisMistakes, UserError, read_source, show_findings
from adl.cli.options import (
    Places,
    dataset_of,
    dataset_options,
    dialect_option,
    format_option,
    lenient_option,
    model_option,
    model_path_option,
    rewrite_option,
    tree_option,
)

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect
    from adl.check.dataset import Dataset
    from adl.runtime.needs import Needs
    from adl.stdlib.models import Branch, Model, Schema


class _Offer(NamedTuple):
    """What columns are taken from: a file, or what a model lists."""

    model: Model
    schema: Schema
    branches: Mapping[str, Branch]
    trees: tuple[str, ...]


@click.command("columns", short_help="List the columns that analyses need.")
@click.argument("files", metavar="ANALYSIS...", type=click.Path(), nargs=-1, required=True)
@click.option("--input", "sample", metavar="ROOT", help="Take them from this file's branches.")
@tree_option
@rewrite_option
@format_option(
    "json",
    "servicex",
    help="One name a line, a document, or the query of a ServiceX request (UprootRaw).",
)
@lenient_option
@dataset_options
@model_path_option
@model_option
@dialect_option
def command(
    files: tuple[str, ...],
    sample: str | None,
    tree: str | None,
    places: Places,
    form: str,
    lenient: bool,
    model_path: tuple[str, ...],
    model: str,
    dialect: AskedDialect,
    **about: Any,
) -> None:
    """List the columns that analyses read, those of all together, each once.

    Without --input the names are those that the object model lists. text has what is read, with the
    counters of lists. json tells also which analysis reads a column, and what else a file of only
    these has to keep for the analyses to run on it: what shows its format, an object's momentum,
    event numbers, the generator weight. servicex asks for all of that.

    \b
    Example:
      adl columns examples/zpeak.adl examples/ttbar.adl
      adl columns examples/ttbar.adl --input examples/sample/ttbar.root --format servicex
    """
    offer = _offer(sample, tree, model, places)
    dataset = dataset_of(**about)
    found = {
        path: _needs(path, offer, dialect, dataset, lenient, model_path)
        for path in dict.fromkeys(files)
    }
    click.echo(_FORMATS[form](found, offer))


def _offer(sample: str | None, tree: str | None, name: str, places: Places) -> _Offer:
    from adl.check.checker import computed
    from adl.cli.front import WITHOUT_FILE, model_of
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.opening import open_input
    from adl.runtime.needs import listed
    from adl.runtime.recognise import model_for
    from adl.stdlib.models import ModelError, load_model

    asked = model_of(name)
    if sample is None:
        model = asked or load_model(WITHOUT_FILE)
        schema, _ = computed(model.schema())
        usual = model.recognition.trees if model.recognition else ()
        return _Offer(model, schema, listed(schema), (tree,) if tree else usual)
    try:
        with open_input(sample, tree, places(sample)) as source:
            model = model_for(source, asked).model
            schema, _ = computed(model.schema(source.branches()))
            return _Offer(model, schema, source.branches(), (source.tree,))
    except (InputError, ModelError) as error:
        raise UserError(str(error)) from None


def _needs(
    path: str,
    offer: _Offer,
    dialect: AskedDialect,
    dataset: Dataset,
    lenient: bool,
    model_path: Sequence[str],
) -> Needs:
    from adl.cli.front import examine
    from adl.compiler.pipeline import build
    from adl.runtime.needs import needs
    from adl.syntax.diagnostics import AnalysisError

    source = read_source(path)
    analysis, findings = examine(source, offer.schema, dialect, dataset, lenient, model_path)
    if analysis is None:
        raise AnalysisMistakes(AnalysisError(source, findings))
    show_findings((f for f in findings if f.severity == "warning"), source)
    return needs(build(analysis), offer.schema, offer.model, offer.branches)


# --------------------------------------------------------------------------------- formats


def _text(found: Mapping[str, Needs], offer: _Offer) -> str:
    return "\n".join(sorted(_of_file((n.read for n in found.values()), offer)))


def _of_file(names: Iterable[Iterable[str]], offer: _Offer) -> dict[str, list[str]]:
    """Return the branches of a file that columns are parts of, each with these."""
    from adl.runtime.needs import of_file

    whole: dict[str, list[str]] = {}
    for name in dict.fromkeys(name for some in names for name in sorted(some)):
        for own in of_file(name, offer.branches):
            whole.setdefault(own, []).append(name)
    return whole


def _json(found: Mapping[str, Needs], offer: _Offer) -> str:
    kept = _of_file((needs.kept for needs in found.values()), offer)
    columns = [
        {
            "name": name,
            "type": _type(name, parts, offer),
            "counter": _counter(name, parts, offer),
            "read_by": [p for p, needs in found.items() if not needs.read.isdisjoint(parts)],
        }
        for name, parts in sorted(kept.items())
    ]
    document = {
        "analyses": list(found),
        "model": offer.model.name,
        "version": offer.schema.version,
        "trees": list(offer.trees),
        "columns": columns,
    }
    return json.dumps(document, indent=2)


def _type(name: str, parts: Sequence[str], offer: _Offer) -> str:
    """Return the type of a branch's numbers; what is no list of numbers is said in words."""
    if name in offer.branches:
        return offer.branches[name].dtype
    if any("@" in part for part in parts):
        return "references"
    items = [offer.branches[p] for p in parts if not offer.branches[p].border]
    linked = any(part.startswith(f"{name}[].") for part in parts)
    return f"lists of {'links' if linked or not items else items[0].dtype}"


def _counter(name: str, parts: Sequence[str], offer: _Offer) -> str | None:
    """Return what counts the elements of a branch; of lists in lists it is the outer ones."""
    if name in offer.branches:
        return offer.branches[name].counter
    borders = [part for part in parts if offer.branches[part].border]
    return offer.branches[(borders or parts)[0]].counter


def _servicex(found: Mapping[str, Needs], offer: _Offer) -> str:
    """Return the selection of ServiceX's UprootRaw query, which is handed on to uproot."""
    if len(offer.trees) != 1:
        several = f"is one of {', '.join(offer.trees)}" if offer.trees else "can have any name"
        raise UserError(
            f"the tree of {offer.model.name} {several}\n  help: say --tree NAME, or --input FILE"
        )
    kept = {*_of_file((needs.kept for needs in found.values()), offer)}
    kept -= {f"n{name}" for name in kept}  # uproot makes these anew when it writes
    return json.dumps([{"treename": offer.trees[0], "filter_name": sorted(kept)}])


_FORMATS = {"text": _text, "json": _json, "servicex": _servicex}
