"""Make an analysis ready for the files of a dataset: one program for all parts of it.

Each part has the regions of the analysis, under the mask of its events and with the generator's
weight as the weight that every region begins with. The first region of the program is none of the
analysis: it counts the dataset, its lumi mask and its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from adl.check.analysis import EventValue
from adl.check.checker import check, computed
from adl.check.dataset import Dataset
from adl.check.draws import EVENT_COLUMNS
from adl.check.elements import branch_type
from adl.compiler.ir import ONE, TRUE, Column, Const, Node, as_real, both, call
from adl.compiler.layout import Chunk, Partial
from adl.compiler.lower.regions import ALL_EVENTS, counter, lower
from adl.compiler.lower.start import Start, started
from adl.compiler.lower.truth import known
from adl.compiler.lower.values import Lowering
from adl.compiler.pipeline import Compiled
from adl.compiler.program import Program, RegionOutput, StepOutput, joined
from adl.runtime.datasets.each import Each, counted_each, wanted
from adl.runtime.datasets.lists import ANOTHER_NAME, Condition, Group, Listed, doubled
from adl.runtime.datasets.masks import LumiMask
from adl.runtime.datasets.parts import Part, parts_of
from adl.runtime.datasets.reading import CONDITION, moved
from adl.runtime.datasets.sums import Facts, check_counters, counted
from adl.runtime.execute.kernel import Kernel
from adl.runtime.inputs import InputError
from adl.runtime.inputs.trees import Input
from adl.runtime.prepare import Preparation
from adl.stdlib.models import Branch, Formula, Model, Schema
from adl.stdlib.models.finding import find_scalar
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.parse import parse
from adl.syntax.source import NOWHERE, Source

MASK = "lumi mask"  # the name of a column that no input has
_KEY = tuple[frozenset[Branch], bool]


@dataclass
class DatasetPreparation:
    """Prepares an analysis for each file of one dataset.

    ``seen`` are the files of all datasets so far by their UUID, ``compiled`` the programs.
    """

    base: Preparation
    listed: Listed
    group: Group | None
    normalise: bool
    source: Source  # of the list
    told: Callable[[tuple[Diagnostic, ...]], None]  # warnings about conditions of the list
    seen: dict[str, str]
    compiled: dict[object, Compiled]
    places: Callable[[str], Sequence[str]] = lambda path: (path,)  # where a file may be
    processes: tuple[str, ...] = ()  # of all datasets of the list
    facts: dict[str, Facts] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    # How many regions, variations and systematics each part has in the program.
    extents: tuple[tuple[int, int, int], ...] = ()
    kernels: dict[frozenset[Branch], tuple[Kernel, Schema]] = field(default_factory=dict)

    def __call__(self, file: Input) -> Kernel:
        """Return the kernel for a file.

        Raises:
            AnalysisError: The analysis or a condition of the list has mistakes, or does not fit.
            InputError: The file is a copy of another, or lacks what the list needs.
        """
        first = self.seen.setdefault(file.uuid, file.path)
        if first != file.path:
            help = "its events would count twice: name one of them"
            raise InputError(file.path, f"is a copy of {first}: both have one UUID", help)
        key = frozenset(file.branches().values())
        if key not in self.kernels:
            schema = self.base.schema(file)
            self.kernels[key] = self._make(file, schema), schema
        kernel, schema = self.kernels[key]
        facts = self._facts(file, schema)
        self.facts[file.path] = replace(facts, each=self._each(file, schema, kernel))
        self.base.warn_of_skim(file, kernel)
        return kernel

    @property
    def model(self) -> Model | None:
        """The model of its files, None if they show it."""
        return self.base.model

    def without_systematics(self) -> DatasetPreparation:
        """Return what prepares the nominal analysis for other trees of the same files."""
        base = self.base.without_systematics()
        return replace(self, base=base, facts={}, parts=(), extents=(), kernels={})

    def read_as(self, file: Input, asked: Model | None) -> None:
        """Read all trees of a file with the model of this one, whatever their names are."""
        self.base.read_as(file, asked)

    @property
    def normalised(self) -> bool:
        """Whether an event counts what the list says, and not 1."""
        return self.normalise and self.listed.kind == "simulation"

    # --------------------------------------------------------------------------- sums

    def _facts(self, file: Input, schema: Schema) -> Facts:
        """Return what a file says of itself; how all files of a dataset count must agree."""
        asked = self.listed.sum_of_weights
        if not self.normalised or asked == "events" or isinstance(asked, float):
            return Facts(file.entries)
        found = counted(file.path, schema, self.places(file.path))
        others = (facts.counted is not None for facts in self.facts.values())
        check_counters(self.listed, file.path, schema, found, others)
        return Facts(file.entries, found)

    def _each(self, file: Input, schema: Schema, kernel: Kernel) -> Mapping[str, Each]:
        """Return what a file has counted for each replica that an event is normalised with."""
        genw = self.listed.genw
        # What the file has counted is of the format's own weight.
        usual = genw.column is not None and genw.column in ("", *schema.weights) and not genw.sign
        if not self.normalised or not usual or self.listed.sum_of_weights == "events":
            return {}
        columns = wanted(kernel.program.systematics)
        if not columns:
            return {}
        return counted_each(file.path, schema, columns, self.places(file.path))

    # ------------------------------------------------------------------------ program

    def _make(self, file: Input, schema: Schema) -> Kernel:
        branch = self._weight_column(file, schema)
        weight = ONE if branch is None else _weight(branch, self.listed.genw.sign)
        inside: Node = TRUE if self.listed.lumi_mask is None else Column(MASK, "bool")
        found = tuple(
            (part, both(inside, mask))
            for part, mask in parts_of(self.listed, self.group, self._lowering(schema))
        )
        programs = [
            self._of_part(part, Start(mask, weight), file, schema, branch) for part, mask in found
        ]
        if self.listed.variation:  # it has none of its own: only its nominal results count
            programs = [replace(p, variations=(), systematics=()) for p in programs]
        self.parts = tuple(part for part, _ in found)
        self.extents = tuple(
            (len(p.regions), len(p.variations), len(p.systematics)) for p in programs
        )
        if len(found) > 1:
            programs = [
                _named(program, part) for program, (part, _) in zip(programs, found, strict=True)
            ]
        own = Program((_own_region(weight, inside, found),))
        return self._kernel(joined((own, *programs)), file, schema)

    def _refuse_double(self, names: Collection[str], file: Input) -> None:
        """Refuse what another systematic is called, be that one for other datasets."""
        other = doubled(self.listed.variation, names)
        if other is not None:
            raise InputError(file.path, self.listed.double_of(other), ANOTHER_NAME)

    def _of_part(
        self, part: Part, start: Start, file: Input, schema: Schema, branch: Branch | None
    ) -> Program:
        listed = self.listed
        dataset = Dataset(
            listed.kind,
            part.process,
            listed.era,
            listed.stream,
            listed.constants,
            self.normalised,
            "" if branch is None else self.genw_of(schema),
            self.processes,
        )
        if listed.variation:
            self._refuse_double(self.base.checked(schema, dataset).sources, file)
        return started(self.base.program(schema, dataset), start)  # perhaps of two analyses

    def _weight_column(self, file: Input, schema: Schema) -> Branch | None:
        wanted = self.listed.genw.column
        if not self.normalised or wanted is None:
            return None
        # What the object model computes is a column like another.
        found = computed(schema)[0].scalars.get(self.genw_of(schema))
        if found is None:
            what = wanted or " or ".join(schema.weights) or "that a list could take"
            raise InputError(
                file.path,
                f"has no generator weight {what}",
                "generator_weight: COLUMN, or none where every event counts 1",
            )
        return found

    def genw_of(self, schema: Schema) -> str:
        """Return the name of the generator's weight; nothing where several could be meant."""
        names = [n for n in schema.weights if n in schema.scalars]
        return self.listed.genw.column or (names[0] if len(names) == 1 else "")

    def _lowering(self, schema: Schema) -> Callable[[Condition], Node]:
        done: dict[Condition, Node] = {}

        def node(condition: Condition) -> Node:
            if condition not in done:
                done[condition] = self._condition(condition, schema)
            return done[condition]

        return node

    def _condition(self, condition: Condition, schema: Schema) -> Node:
        """Return a condition of the list; mistakes are shown where it stands there."""
        source = Source(self.source.name, f"{CONDITION}{condition.text}\n")
        listed = self.listed
        dataset = Dataset(listed.kind, "", listed.era, listed.stream, listed.constants)
        try:
            analysis, findings = check(parse(source), source, schema, "adl", dataset)
        except AnalysisError as error:
            raise AnalysisError(self.source, _moved(error.diagnostics, condition)) from None
        self.told(_moved(findings, condition))
        (region,) = lower(analysis, self.base.seed).regions
        return region.steps[-1].fill.mask

    def _kernel(self, program: Program, file: Input, schema: Schema) -> Kernel:
        key = program.regions, program.own_rows, program.variations, program.systematics
        if key not in self.compiled:
            self.compiled[key] = self.base.compiled(program)
        kernel = self.base.kernel(self.compiled[key], schema)
        mask = self.listed.lumi_mask
        return kernel if mask is None else _masked(kernel, mask, file, schema)


def _weight(branch: Branch, sign: bool) -> Node:
    value = EventValue(branch, type=branch_type(branch), span=NOWHERE)
    weight = as_real(known(Lowering().value(value)))
    if not sign:
        return weight
    zero = Const(0.0)
    positive = call("where", call("gt", weight, zero), Const(1.0), weight)  # NaN and 0 stay
    return call("where", call("lt", weight, zero), Const(-1.0), positive)


def _own_region(weight: Node, inside: Node, parts: tuple[tuple[Part, Node], ...]) -> RegionOutput:
    """Return the region that counts all events, those in the lumi mask, and those of each part."""
    steps = [(ALL_EVENTS, TRUE), (MASK, inside), *((part.process, mask) for part, mask in parts)]
    return RegionOutput("", tuple(StepOutput(n, counter(mask, weight)) for n, mask in steps))


def _named(program: Program, part: Part) -> Program:
    """Return a program whose prints and saves have names of their own."""
    name = "_".join(filter(None, (part.slice, part.process)))

    def renamed(region: RegionOutput) -> RegionOutput:
        rows = tuple(replace(r, name=f"{r.name}_{name}") for r in region.rows)
        return replace(region, rows=rows)

    own = tuple(replace(r, name=f"{r.name}_{name}") for r in program.own_rows)
    return replace(program, regions=tuple(map(renamed, program.regions)), own_rows=own)


def _moved(findings: tuple[Diagnostic, ...], condition: Condition) -> tuple[Diagnostic, ...]:
    return tuple(replace(f, span=moved(f.span, condition.span)) for f in findings)


def _masked(kernel: Kernel, mask: LumiMask, file: Input, schema: Schema) -> Kernel:
    """Return a kernel for whose chunks the lumi mask is computed first."""
    run, block = (_event_column(file, schema, name) for name in EVENT_COLUMNS[:2])
    reads = kernel.inputs
    columns = {c.name: c for c in (*reads.columns, run, block) if c.name != MASK}
    inputs = reads._replace(columns=tuple(columns[n] for n in sorted(columns)))

    def masked(chunk: Chunk) -> Chunk:
        inside = mask.holds(chunk.columns[run.name], chunk.columns[block.name])
        return replace(chunk, columns={**chunk.columns, MASK: inside})

    def with_mask(chunk: Chunk) -> Partial:
        return kernel.run(masked(chunk))

    def whole_with_mask(chunk: Chunk, block: int) -> list[Partial]:
        assert kernel.whole is not None
        return kernel.whole(masked(chunk), block)

    whole = None if kernel.whole is None else whole_with_mask
    # The mask is a column of the CPU's beside the others.
    return kernel._replace(run=with_mask, reads=inputs, whole=whole, straight=None)


def _event_column(file: Input, schema: Schema, name: str) -> Column:
    match = find_scalar(schema, name)
    if match is None or isinstance(match.item, Formula) or "int" not in match.item.dtype:
        raise InputError(file.path, f"has no column {name}, which a lumi mask needs")
    return Column(match.item.name, match.item.dtype)


def columns_of(kernel: Kernel) -> Iterator[str]:
    """Yield the columns that a kernel reads."""
    return (column.name for column in kernel.inputs.columns)
