"""The formatter: comments stay with what they are about, in the dialect of the file."""

from __future__ import annotations

from tests.formatting import formats, formatted


def test_comments_stay_where_they_stand() -> None:
    formats(
        """
        # of the file

        # of the object
        object jets : Jet    # what a jet is
        # of the cut
          select pT>30 # GeV
          # out: select eta < 2
        # of the define
        define ht = 1
        # of the region
        region r
            # first
            select a
        # left

        # right
        region s
        # last
        """,
        """
        # of the file

        # of the object
        object jets  # what a jet is
          take Jet
          # of the cut
          select pT > 30  # GeV
          # out: select eta < 2

        # of the define
        define ht = 1

        # of the region
        region r
          # first
          select a
        # left

        # right
        region s
        # last
        """,
    )


def test_aligned_comments_stay_aligned() -> None:
    formats(
        """
        object jets        # what a jet is
          take Jet
          select pT>30     # GeV
                           # or more
          select abs(eta)<2.4 and tight # not aligned
        define a=1    # one
        define bbbbbbbbbbb=2 + 3+4    # two
        """,
        """
        object jets        # what a jet is
          take Jet
          select pT > 30   # GeV
                           # or more
          select abs(eta) < 2.4 and tight  # not aligned

        define a = 1  # one
        define bbbbbbbbbbb = 2 + 3 + 4  # two
        """,
    )


def test_a_longer_line_moves_the_comments_that_are_aligned_with_its_own() -> None:
    formats(
        """
        define a=1          # one
        define b=2+3+4+5+6  # two
        """,
        """
        define a = 1                  # one
        define b = 2 + 3 + 4 + 5 + 6  # two
        """,
    )


def test_comments_between_the_parts_of_a_condition_keep_them_apart() -> None:
    formats(
        """
        region r
          select size(jets)>=4 and    # four
                 # in between
                 HT > 500
                 and MET>100          # missing
        """,
        """
        region r
          select size(jets) >= 4      # four
              # in between
              and HT > 500
              and MET > 100           # missing
        """,
    )


def test_other_comments_in_a_statement_move_before_it() -> None:
    formats(
        """
        region r
          histo h, "t",    # the title
            # the axis
            10, 0, 1,
            f(a,           # first
              b)           # second
        """,
        """
        region r
          # the title
          # the axis
          # first
          histo h, "t", 10, 0, 1, f(a, b)  # second
        """,
    )


def test_comments_in_a_list_of_values_stay_with_them() -> None:
    formats(
        """
        define inputs = {
          ht,    # sum
          # not used: met
          pT(jets[0])
        }
        """,
        """
        define inputs = [ht,  # sum
            # not used: met
            pT(jets[0])]
        """,
    )


def test_the_dialect_is_said_in_info_adl() -> None:
    text = "# of the file\n\nregion r\n  bin MET 1 2\n"
    said = "# of the file\n\ninfo adl\n  dialect cutlang\n\nregion r\n  bin MET 1 2\n"
    assert formatted(text, "cutlang") == said
    assert formatted(said, "cutlang") == said
    assert formatted(said, "adl") == said.replace("cutlang", "adl")


def test_the_dialect_joins_the_info_blocks_that_are_there() -> None:
    analysis = "# of the file\ninfo analysis\n  title x  # it\n\n# of the region\nregion r\n"
    assert formatted(analysis, "cutlang") == (
        '# of the file\ninfo analysis\n  title "x"  # it\n\ninfo adl\n  dialect cutlang\n\n'
        "# of the region\nregion r\n"
    )
    adl = "info adl\n  author me\n\nregion r\n"
    assert formatted(adl, "cutlang") == "info adl\n  author me\n  dialect cutlang\n\nregion r\n"
