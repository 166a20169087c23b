"""Hypothesis strategies for syntax trees: well-formed ones, which the parser could have made.

Names are few, so that the same stand side by side; some are spelled like keywords or operators,
which they are only in some places.
"""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from adl.syntax.tree import (
    Attribute,
    Bin,
    Binary,
    Binding,
    Block,
    Call,
    Candidate,
    Clause,
    Composite,
    Correction,
    Counted,
    Counts,
    CountsFormat,
    CountsProcess,
    Define,
    Edges,
    Expr,
    File,
    Flag,
    Function,
    Histo,
    HistoList,
    Index,
    Info,
    Juxtaposed,
    LegacySystematic,
    ListOf,
    Lookup,
    Name,
    Named,
    Number,
    Object,
    Print,
    Region,
    Reject,
    Save,
    Select,
    Slice,
    Sort,
    Statement,
    Systematic,
    Table,
    Take,
    Ternary,
    Text,
    Title,
    Trigger,
    Unary,
    UniformBins,
    Use,
    UseAs,
    VariableBins,
    Weight,
    Within,
)

PLAIN = ("a", "jets", "MET", "pT", "jets_0", "mu_", "x2", "inf", "e1", "this", "ALL")
ODD = ("cut", "process", "Sort", "bins", "LT", "only", "up", "trigger", "errors", "alias", "on")
DASHED = ("SR-low", "h-1", "signal")
NUMBERS = ("0", "1", "30", "007", "2.5", ".5", "5.", "1e3", "2.e-3", "1E+2", "0.50")
EDGES = (-10.0, -2.5, -0.5, 0.0, 0.5, 1.0, 20.0, 1e-7, 1e17, 123456789.0, float("inf"))
TEXTS = ("", "x", "a title", "with # sign", "p_{T} [GeV]; and, more", "'q'", "select x")
BINARY = (
    *("or", "and", "<", "<=", ">", ">=", "==", "!=", "~=", "~!"),
    *("|", "&", "<<", ">>", "+", "-", "*", "/", "^"),
)
COUNTED = ("0", "12.3", "-1", ".5", "1e3")
LONG = "a_name_that_is_so_long_that_lines_with_it_have_to_be_broken_somewhere"

names = st.builds(Name, st.sampled_from((*PLAIN, *PLAIN, *ODD, LONG)))
plain_names = st.builds(Name, st.sampled_from(PLAIN))
dashed_names = st.builds(Name, st.sampled_from((*PLAIN, *DASHED)))
numbers = st.builds(Number, st.sampled_from(NUMBERS))
texts = st.builds(Text, st.sampled_from(TEXTS))
positions = st.integers(-3, 12)
paths = st.one_of(names, texts).map(lambda path: (path,))
fired = st.builds(Call, st.sampled_from((Name("trigger"), Name("HLT"))), paths)
scopes = st.lists(st.sampled_from(("era", "2018", "2016pre", "data", "cut", "a b", "x-y", "1e5")))
limits = st.one_of(st.just(()), st.just(()), scopes.map(tuple))


@cache
def trees() -> st.SearchStrategy[File]:
    """Return a strategy for whole analyses."""
    return st.builds(File, st.lists(blocks(), max_size=3).map(tuple))


# ---------------------------------------------------------------------------- expressions


@cache
def expressions(depth: int = 3) -> st.SearchStrategy[Expr]:
    """Return a strategy for expressions of so many levels."""
    leaves = st.one_of(names, names, numbers, texts)
    if depth == 0:
        return leaves
    inner = st.deferred(lambda: expressions(depth - 1))
    return st.one_of(
        leaves,
        postfixes(depth),
        st.builds(Call, names, arguments(depth), st.sampled_from(PLAIN)),  # draw jets
        st.builds(Unary, st.sampled_from(("-", "-", "not")), inner),
        st.builds(Binary, st.sampled_from(BINARY), inner, inner),
        st.builds(Binary, st.sampled_from(("and", "or", "+", "-")), inner, inner),
        st.builds(Within, st.sampled_from(("[]", "][")), inner, inner, inner),
        st.builds(Juxtaposed, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Ternary, inner, inner, inner),
    )


@cache
def postfixes(depth: int) -> st.SearchStrategy[Expr]:
    """Return a strategy for names, calls and what stands before a point or an index."""
    inner = st.deferred(lambda: expressions(depth - 1))
    return st.one_of(
        st.builds(Call, names, inner.map(lambda argument: (argument,))),
        st.builds(Call, names, arguments(depth)),
        fired,
        st.builds(Attribute, inner, names),
        st.builds(Index, inner, positions),
        slices(inner),
        st.builds(Lookup, inner, inner.filter(_is_position)),
        st.builds(Lookup, inner, lists(depth, least=2)),
    )


def _is_position(tree: Expr) -> bool:
    return not isinstance(tree, Number | Text | Juxtaposed)


@cache
def lists(depth: int, least: int = 1) -> st.SearchStrategy[ListOf]:
    items = st.lists(expressions(depth - 1), min_size=least, max_size=3)
    return st.builds(ListOf, items.map(tuple))


@cache
def slices(values: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    ends = st.tuples(st.none() | positions, st.none() | positions)
    some = ends.filter(lambda pair: pair != (None, None))
    return st.builds(lambda value, pair: Slice(value, *pair), values, some)


@cache
def arguments(depth: int) -> st.SearchStrategy[tuple[Expr, ...]]:
    """Return a strategy for the arguments of a call: none or several."""
    bindable = names.filter(lambda name: name.name != "trigger")  # trigger j asks for one
    collections = st.one_of(bindable, slices(bindable))
    elements = st.builds(Name, st.sampled_from(("j", "a", "bins", "LT", "x2")))
    named = st.builds(Named, names, st.one_of(expressions(depth - 1), lists(depth)))
    binding = st.builds(Binding, collections, elements)
    argument = st.one_of(
        expressions(depth - 1), expressions(depth - 1), binding, named, lists(depth)
    )
    several = st.lists(argument, min_size=2, max_size=4).map(tuple)
    return st.one_of(st.just(()), several)


# ----------------------------------------------------------------------------- statements


@cache
def conditions() -> st.SearchStrategy[Expr]:
    """Return a strategy for what may stand behind select: an else may be left out."""
    open_ended = st.builds(Ternary, expressions(2), expressions(2), st.none())
    twice = st.builds(Ternary, expressions(1), open_ended, st.none())
    return st.one_of(expressions(4), open_ended, twice)


@cache
def takes() -> st.SearchStrategy[Take]:
    sources = st.one_of(dashed_names, plain_names, st.builds(Call, names, arguments(2)))
    instances = st.none() | st.builds(Name, st.sampled_from(("j", "x2")))
    return st.builds(Take, sources, instances)


@cache
def defines() -> st.SearchStrategy[Define]:
    return st.builds(Define, names, st.one_of(expressions(4), expressions(4), lists(2)))


@cache
def weights() -> st.SearchStrategy[Weight]:
    return st.builds(Weight, st.none() | names, expressions(3), limits)


@cache
def histos() -> st.SearchStrategy[Histo]:
    uniform = st.builds(
        UniformBins, st.integers(0, 200), st.sampled_from(EDGES), st.sampled_from(EDGES)
    )
    axes = st.one_of(uniform, st.builds(VariableBins, edges()))
    one = st.lists(expressions(2), min_size=1, max_size=4)
    two = st.lists(expressions(2), min_size=2, max_size=2)
    titles = st.sampled_from(TEXTS)
    return st.one_of(
        st.builds(Histo, dashed_names, titles, st.tuples(axes), one.map(tuple), limits),
        st.builds(Histo, dashed_names, titles, st.tuples(axes, axes), two.map(tuple), limits),
    )


@cache
def edges() -> st.SearchStrategy[tuple[float, ...]]:
    signed = st.sampled_from((*EDGES, float("-inf")))
    return st.lists(signed, min_size=2, max_size=5).map(tuple)


@cache
def bins() -> st.SearchStrategy[Bin | Edges]:
    labels = st.none() | st.sampled_from(TEXTS)
    return st.one_of(
        st.builds(Bin, labels, expressions(3)),
        st.builds(Edges, expressions(2).filter(_is_value), edges(), labels),
    )


def _is_value(tree: Expr) -> bool:
    operator = getattr(tree, "operator", None)
    return operator in (None, "|", "&", "<<", ">>", "+", "-", "*", "/", "^")


@cache
def cuts() -> st.SearchStrategy[Statement]:
    return st.one_of(
        st.builds(Select, conditions(), limits), st.builds(Reject, conditions(), limits)
    )


@cache
def prints() -> st.SearchStrategy[Print]:
    return st.builds(Print, st.lists(expressions(2), min_size=1, max_size=4).map(tuple))


@cache
def object_statements() -> st.SearchStrategy[Statement]:
    return st.one_of(takes(), cuts(), defines(), histos(), prints())


@cache
def composite_statements() -> st.SearchStrategy[Statement]:
    elements = st.lists(plain_names, min_size=2, max_size=3)
    members = st.builds(_members, st.one_of(names, postfixes(1)), elements)
    return st.one_of(
        takes(), members, cuts(), defines(), st.builds(Candidate, names, expressions(2))
    )


def _members(collection: Expr, elements: list[Name]) -> Take:
    bindings = tuple(Binding(collection, element) for element in elements)
    return Take(Call(Name("disjoint"), bindings), None)


@cache
def region_statements() -> st.SearchStrategy[Statement]:
    plain = st.sampled_from(TEXTS)
    return st.one_of(
        takes(),
        cuts(),
        cuts(),
        weights(),
        histos(),
        bins(),
        st.builds(Use, dashed_names),
        st.builds(Sort, expressions(2), st.booleans()),
        prints(),
        saves(),
        counts(),
        st.builds(Title, plain),
    )


@cache
def saves() -> st.SearchStrategy[Save]:
    values = st.lists(expressions(2), max_size=3).map(tuple)
    formats = st.sampled_from(("", "csv", "root", "parquet"))
    return st.builds(Save, names, formats, values)


@cache
def counts() -> st.SearchStrategy[Counts]:
    texts = st.sampled_from(COUNTED)
    errors = st.lists(st.one_of(texts.map(lambda t: (t, t)), st.tuples(texts, texts)), max_size=2)
    known = st.builds(Counted, texts, errors.map(tuple))
    values = st.lists(st.one_of(known, st.just(Counted("", ()))), min_size=1, max_size=3)
    return st.builds(Counts, names, values.map(tuple))


# --------------------------------------------------------------------------------- blocks


@cache
def infos() -> st.SearchStrategy[Info]:
    words = st.sampled_from(("title", "id", "lumi", "dialect", "x-y", "("))
    values = st.sampled_from((*TEXTS, "36.1", "CMS", 'the "old" one', '"a" and "b"', "cutlang"))
    return st.builds(Info, plain_names, st.lists(st.tuples(words, values), max_size=4).map(tuple))


@cache
def tables() -> st.SearchStrategy[Table]:
    texts = st.sampled_from((*NUMBERS, "-2.5", "inf", "-inf"))
    numbers = st.lists(st.builds(Number, texts), max_size=15).map(tuple)
    kinds = st.sampled_from(("", "efficiency", "errors", "a b"))
    outside = st.sampled_from(("", "zero", "nearest"))
    return st.builds(Table, names, kinds, st.integers(0, 2), st.booleans(), outside, numbers)


@cache
def counts_formats() -> st.SearchStrategy[CountsFormat]:
    errors = st.lists(st.sampled_from(("stat", "syst", "cut")), max_size=2).map(tuple)
    processes = st.builds(CountsProcess, names, st.sampled_from(TEXTS), errors)
    return st.builds(CountsFormat, names, st.lists(processes, max_size=3).map(tuple))


@cache
def functions() -> st.SearchStrategy[Function]:
    arguments = st.lists(st.sampled_from((*PLAIN, "arg", "code")), max_size=3).map(tuple)
    return st.builds(Function, names, arguments, st.sampled_from(("", "a.py", "# b.py")))


@cache
def triggers() -> st.SearchStrategy[Trigger]:
    path = st.tuples(
        st.builds(Text, st.sampled_from(("HLT_IsoMu24", "HLT_Mu*", ""))), st.booleans()
    )
    streams = st.sampled_from(("", "SingleMuon", "select", "a b"))
    return st.builds(Trigger, names, st.lists(path, min_size=1, max_size=3).map(tuple), streams)


@cache
def systematics() -> st.SearchStrategy[Systematic]:
    patterns = st.sampled_from(("*", "JES_*", "*Up?", "2*", "", "a b", "?x", "a*_b"))
    automatic = patterns.map(lambda p: Clause("auto", (("", (Text(p),)),)))
    return st.one_of(
        st.builds(
            Systematic,
            st.sampled_from(("jes", "jes_{s}", "jes-up", "x_{s}_y")),
            clauses(("scale", "set", "rate", "propagate", "weight", "tree", "suffix")),
        ),
        st.builds(Systematic, st.just("auto"), automatic.map(lambda clause: (clause,))),
    )


@cache
def corrections() -> st.SearchStrategy[Correction]:
    files = st.builds(Text, st.sampled_from(("{era}/b.json.gz", "")))
    entries = st.builds(Text, st.sampled_from(("deepJet_comb", "a b", "cut", "x_{era}", "2018")))
    return st.builds(Correction, names, files, entries, clauses(("inputs", "nominal", "vary")))


@cache
def clauses(words: tuple[str, ...]) -> st.SearchStrategy[tuple[Clause, ...]]:
    """Return a strategy for the lines of a systematic or correction."""
    some = st.lists(expressions(2), min_size=1, max_size=3).map(tuple)
    own = some.map(lambda values: (("", values),))
    valued = st.tuples(st.sampled_from(("up", "down", "nominal", "from", "combine", "only")), some)
    bare = st.sampled_from((("normalise", ()), ("mirror", ())))
    settings = st.lists(st.one_of(valued, valued, bare), max_size=3).map(tuple)
    both = st.tuples(st.one_of(st.just(()), own), settings).map(lambda pair: pair[0] + pair[1])
    return st.lists(st.builds(Clause, st.sampled_from(words), both), max_size=3).map(tuple)


@cache
def blocks() -> st.SearchStrategy[Block]:
    """Return a strategy for blocks."""
    return st.one_of(
        infos(),
        st.builds(Object, names, st.lists(object_statements(), max_size=4).map(tuple)),
        st.builds(Composite, names, st.lists(composite_statements(), max_size=4).map(tuple)),
        st.builds(Region, dashed_names, st.lists(region_statements(), max_size=4).map(tuple)),
        st.builds(Region, dashed_names, st.lists(region_statements(), max_size=4).map(tuple)),
        defines(),
        tables(),
        counts_formats(),
        st.builds(HistoList, names, st.lists(histos(), max_size=3).map(tuple)),
        functions(),
        st.builds(Flag, st.sampled_from((Name("TRGe"), Name("SkipHistos"))), st.integers(0, 9)),
        triggers(),
        systematics(),
        st.builds(
            LegacySystematic,
            st.booleans(),
            st.sampled_from(TEXTS),
            st.sampled_from(TEXTS),
            st.sampled_from(("ttree", "weight_mc")),
        ),
        corrections(),
        st.builds(UseAs, names, expressions(2)),
    )
