"""How Sphinx makes the site of the documentation: `make docs`.

Rules:

- The source is the whole repository, of which the pages below are taken: so a link from one page to another, or to a
  script, leads to the same place here and in a checkout.
- The tables of docs/index.md are the map. The menu is made of them, and a page that is in none is a warning.
- Warnings are errors, and nothing is fetched from the network.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

import mimo_proto

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "mimo-proto"
author = project_copyright = "The mimo-proto maintainers"
release = version = mimo_proto.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**", "examples/*.md", "bench/*.md", "spec/*.md"]
exclude_patterns = [".*"]  # environments need not be looked through

# Single backquotes in docstrings are code, as they are in Markdown.
default_role = "code"
# Names stand in the package's root and in the module that defines them: a link may lead to either.
suppress_warnings = ["ref.python"]
myst_heading_anchors = 4
smartquotes_action = "D"  # dashes; quotes stay as they are written

autodoc_member_order = "bysource"
add_module_names = False
toc_object_entries_show_parents = "hide"
autodoc_typehints_format = "short"
maximum_signature_line_length = 100
# `Attributes:` of a docstring are what is said of the fields: autodoc does not list them a second time.
napoleon_use_ivar = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"mimo-proto {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
# The site's own address leads to the map.
html_extra_path = ["redirect"]

TABLE_LINK = re.compile(r"^\| \[[^]]*\]\((?P<page>[^)#]+)\.md\)", re.MULTILINE)
"""The first cell of a row of the map."""


def add_menu(app: Sphinx, name: str, source: list[str]) -> None:
    """Give the map a menu: a hidden list of contents for each of its sections."""
    if name != root_doc:
        return
    for section in source[0].split("\n## ")[1:]:
        title, _, rest = section.partition("\n")
        pages = "\n".join(found["page"] for found in TABLE_LINK.finditer(rest))
        source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{pages}\n```\n"


def as_prose(app: Sphinx, what: str, name: str, value: Any, options: object, lines: list[str]) -> None:
    """Leave out the docstrings of modules, which are for who works on them, and take those of fields as prose."""
    if what == "module":
        lines.clear()
    elif what in {"attribute", "data", "property"}:
        # A star is a star. An empty comment keeps napoleon from taking what stands before a colon for a type.
        lines[:] = ["..", "", *(line.replace("*", "\\*") for line in lines)]


def leave_out_signature(app: Sphinx, what: str, name: str, value: Any, *rest: object) -> tuple[str, None] | None:
    """Show a Struct by its fields, which are all that its signature has."""
    fields_are_shown = what == "class" and name.startswith("mimo_proto.models.")
    return ("", None) if fields_are_shown and issubclass(value, msgspec.Struct) else None


def setup(app: Sphinx) -> None:
    """Register what is above."""
    app.connect("source-read", add_menu)
    app.connect("autodoc-process-docstring", as_prose, priority=400)  # before napoleon, which has 500
    app.connect("autodoc-process-signature", leave_out_signature)
