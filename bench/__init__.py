"""How fast the library is, in ratios measured within one run.

`python -m bench` runs the sections of `bench.sections`, prints one table and writes `bench/RESULTS.md` and
`bench/results.svg`. A figure alone says little on a shared machine, so each is set against another one measured in
the same minute: the floor (msgspec decoding payloads that somebody has cut out already), a raw socket, or a rival.

A section is a generator of blocks; a block is a few cases that run interleaved, and the goals that compare them.
Rivals are imported where they are used, never at the top of a module: `bench.guard` runs without them.
"""

__all__: list[str] = []
