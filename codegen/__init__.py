"""The generator: spec/*.json -> src/mimo_proto/models/*.py. Start it with `python -m codegen`.

`load` reads the schemas, `dialect` checks each file, and `shapes` finds who sends and who receives what. `prepare` puts
the schemas into datamodel-code-generator's terms, `render` runs that and cuts its output into modules. `diff` compares
two versions of a spec, `overlay` merges somebody else's additions, `negatives` makes payloads that the spec refuses.
`page` reads the tables of MiMo's raw pages, `page_facts` has what they said last and holds a spec to it, and
`page_report` says what changed in one.
"""

__all__: list[str] = []
