"""Input that is no analysis: one located error each, in little time and memory."""

from __future__ import annotations

import contextlib
import cProfile
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result

from adl.cli import common
from adl.cli.front import examine, schema
from adl.syntax import lines
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.commands import adl

NANOAOD = schema("nanoaod", None, None)
GOOD = "region r\n  select MET > 3\n"


def findings(text: str) -> tuple[Diagnostic, ...]:
    return examine(Source("bad.adl", text), NANOAOD, "auto")[1]


def errors(text: str) -> list[str]:
    """Return ``CODE line:column`` of every error."""
    source = Source("bad.adl", text)
    found = [d for d in findings(text) if d.severity == "error"]
    return ["{} {}:{}".format(d.code, *source.position(d.span.start)) for d in found]


def check(content: bytes, folder: Path) -> Result:
    path = folder / "bad.adl"
    path.write_bytes(content)
    return adl("check", path)


# ------------------------------------------------------------------------------------- bytes


@pytest.mark.parametrize(
    ("content", "line", "byte"),
    [
        (b"\xff\xfe", 1, "0xff"),
        (b"region r\n  select MET > 3 # caf\xe9\n", 2, "0xe9"),
        (b"region r\n\xc3", 2, "0xc3"),
        ("region r\n".encode("utf-16"), 1, "0xff"),
    ],
)
def test_bytes_that_are_no_utf8_are_one_located_error(
    content: bytes, line: int, byte: str, tmp_path: Path
) -> None:
    result = check(content, tmp_path)
    assert result.exit_code == 2
    assert result.stderr.count("error") == 1
    assert f"bad.adl:{line}: byte {byte} is not UTF-8 text" in result.stderr


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert check(b"\xef\xbb\xbf" + GOOD.encode(), tmp_path).exit_code == 0


def test_standard_input_is_read_in_the_same_way() -> None:
    assert adl("check", "-", input=GOOD).exit_code == 0
    result = adl("check", "-", input=b"\xff")
    assert result.exit_code == 2
    assert "<stdin>:1: byte 0xff is not UTF-8 text" in result.stderr
    result = adl("fmt", "-", input=GOOD.replace(">", " >"))
    assert result.stdout == GOOD


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("blank", [" ", "\t", "\t \t"])
def test_line_ends_and_tabs_are_white_space(end: str, blank: str) -> None:
    text = GOOD.replace("  ", blank).replace("\n", end)
    assert findings(text) == ()


def test_a_message_counts_columns_in_characters_behind_tabs_and_accents() -> None:
    assert errors("region r\r\n\tselect nothing > 3\r\n") == ["E201 2:9"]
    assert errors('region r\n  title "Énergie"  select nothing > 3\n') == ["E201 2:27"]


# ------------------------------------------------------------------------------- nothing in it


@pytest.mark.parametrize("text", ["", "\n", "  \n\t\n", "# a\n# b", "#", "\ufeff", "# x\r\n"])
def test_a_file_with_nothing_in_it_is_no_mistake_but_cannot_run(text: str, tmp_path: Path) -> None:
    assert findings(text) == ()
    path = tmp_path / "empty.adl"
    path.write_text(text, encoding="utf-8")
    result = adl("run", path, "events.root")
    assert result.exit_code == 2
    assert "there is no region, so there is nothing to run" in result.stderr


# --------------------------------------------------------------------------------- characters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("region r\n  select MET > \0 3\n", "E102 2:16"),
        ("\0", "E102 1:1"),
        ("region r\n  select MET > $ 3\n", "E102 2:16"),
        ("region r\n  select MET > 3 @\n", "E102 2:18"),
        ("region r\r  select MET > 3\n", "E102 1:9"),
        ("region r\n  select αβγδε > 3\n", "E102 2:10"),
        ("region r\n  select \U0001f600\U0001f600 > 3\n", "E102 2:10"),
        ('region r\n  title "abc\n', "E103 2:9"),
        ("region r\n  title 'abc\n", "E102 2:9"),
        ("region r\n  select (MET > 3\n", "E104 2:10"),
        ("region r\n  select size(Jet[0) > 3\n", "E104 2:20"),
        ("region r\n  select MET) > 3\n", "E104 2:13"),
        ("region r\n  select {Jet[0]pT > 3\n", "E104 2:10"),
        ("region r\n  select |MET > 3\n", "E104 2:10"),
        ('include "bad.adl"\nregion r\n  select MET > 3\n', "E110 1:1"),
    ],
)
def test_one_bad_character_is_one_located_error(text: str, expected: str) -> None:
    assert errors(text) == [expected]


def test_an_include_says_what_a_file_consists_of() -> None:
    (found,) = findings('include "bad.adl"\n')
    assert found.message == "`include` begins no statement"
    assert found.help


# ---------------------------------------------------------------------------------- too much


@pytest.mark.parametrize(
    "condition",
    [
        "(" * 10_000 + "MET" + ")" * 10_000 + " > 3",
        "(" * 10_000,
        "[" * 10_000,
        "-" * 10_000 + "MET > 3",
        "not " * 10_000 + "MET > 3",
        "MET" + " + MET" * 10_000 + " > 3",
        "MET" + "^2" * 10_000 + " > 3",
        "abs(" * 10_000 + "MET" + ")" * 10_000 + " > 3",
        "MET > 3 ? " * 10_000 + "ALL",
    ],
)
def test_nesting_has_an_end(condition: str) -> None:
    assert [e.split()[0] for e in errors(f"region r\n  select {condition}\n")] == ["E106"]


def test_sums_of_sums_have_an_end() -> None:
    steps = "".join(f"define p{i + 1} = p{i} + p{i}\n" for i in range(40))
    found = errors(f"define p0 = MET\n{steps}region r\n  select pT(p40) > 3\n")
    assert found == ["E226 11:14"]


def test_a_file_that_is_too_long_is_one_error_where_reading_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "MOST_TOKENS", 1000)
    text = "region r\n" + "  select MET > 3\n" * 1000
    (found,) = findings(text)
    assert found.code == "E107"
    assert Source("bad.adl", text).position(found.span.start) == (251, 14)
    comments = "region r\n  select ALL\n" + "  # select MET > 3\n" * 1000
    assert findings(comments) == ()


def test_a_file_that_is_no_text_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common, "MOST_BYTES", 2_000_000)
    result = check(b"#" * 3_000_000, tmp_path)
    assert result.exit_code == 2
    assert "has more than 2 MB: that is no analysis" in result.stderr


def test_ten_megabytes_of_comments_are_read_at_once() -> None:
    text = "# nothing that anybody would have to read\n" * 240_000
    assert findings(text + GOOD) == ()


MEGABYTES = """
import sys
from adl.cli.front import examine, schema
from adl.syntax import lines
from adl.syntax.source import Source
lines.MOST_TOKENS //= 10  # a tenth of everything
text = "region r\\n" + "  select pT(Jet[0]) > 100 and abs(eta(Jet[0])) < 2.5\\n" * 20_000
found = examine(Source("x", text), schema("nanoaod", None, None), "auto")[1]
print(*{f.code for f in found})
with open("/proc/self/status") as status:  # not ru_maxrss, which begins with the parent's
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
def test_a_long_file_takes_bounded_memory() -> None:
    """A tenth of what is read at most, beside what Python and the library take."""
    done = subprocess.run(
        [sys.executable, "-c", MEGABYTES], capture_output=True, text=True, check=True
    )
    code, most = done.stdout.split()
    assert code == "E107"
    assert int(most) < 300_000  # kilobytes


def test_work_grows_with_the_length_of_a_file() -> None:
    """The number of functions that are called, which is the same in every run."""
    statements = "  select pT(Jet[0]) > 100 and abs(eta(Jet[0])) < 2.5\n"

    def calls(number: int) -> int:
        text = "region r\n  select size(Jet) > 0\n" + statements * number
        profile = cProfile.Profile()
        assert not profile.runcall(errors, text)
        return sum(entry.callcount for entry in profile.getstats())

    calls(1)  # what is kept from the first file on
    first, second, third = calls(50), calls(100), calls(200)
    assert third - second < 2.1 * (second - first)


# --------------------------------------------------------------------------------- everywhere


def test_no_prefix_of_an_analysis_makes_a_traceback() -> None:
    text = Path(__file__).parent.joinpath("corpus", "functional_ternaries.adl").read_text()
    for end in range(0, len(text), 7):
        with contextlib.suppress(AnalysisError):
            parse(Source("cut.adl", text[:end]))
