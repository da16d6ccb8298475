"""Regular expressions that people write: RE2 syntax, compiled once, bounded in the work of one search. PURE.

RE2 (google/re2) needs no backtracking, so its time grows with program × text at most. A large program over a
large text would still take many seconds, so that product is bounded: at some 10 to 20 ns a unit on a usual
machine, a search takes no longer than about a second. Other threads go on meanwhile.
"""

from __future__ import annotations

import re2

from config.lib.caches import memoized

PATTERN_LENGTH_MAX = 500
PROGRAM_MAX = 20_000  # instructions that a pattern compiles to; `\\pL{1,100}` has 120,000
WORK_MAX = 50_000_000  # instructions × bytes of text
MEMORY_BYTES_MAX = 8_000_000  # of one compiled pattern
CACHE_MAX = 1_024


class BadPattern(Exception):
    """The text is no regular expression (RE2 syntax), or too large a one."""


class TooMuchToSearch(Exception):
    """The text is too long for this pattern."""


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches anywhere in a text. Raises BadPattern or TooMuchToSearch."""
    compiled = compile_pattern(pattern)
    encoded = text.encode("utf-8", "surrogatepass")
    if compiled.programsize * len(encoded) > WORK_MAX:
        raise TooMuchToSearch(
            f"a text of {len(encoded):,} bytes is too long for this pattern; "
            f"it can search {WORK_MAX // compiled.programsize:,} bytes"
        )
    return compiled.search(encoded) is not None


def work_of(pattern: str, text: str) -> int:
    """An upper bound of a search's work: instructions × characters. Raises BadPattern."""
    return int(compile_pattern(pattern).programsize) * (len(text) + 1)


@memoized(maxsize=CACHE_MAX)
def compile_pattern(pattern: str) -> re2._Regexp:
    """Returns the compiled pattern, which searches bytes. Raises BadPattern."""
    if len(pattern) > PATTERN_LENGTH_MAX:
        raise BadPattern(f"a pattern may have {PATTERN_LENGTH_MAX} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY_BYTES_MAX
    try:
        compiled = re2.compile(pattern.encode(), options)
    except (re2.error, UnicodeEncodeError):
        raise BadPattern("it is not a regular expression (RE2 syntax)") from None
    if compiled.programsize > PROGRAM_MAX:
        raise BadPattern("its repetitions multiply too much")
    return compiled
