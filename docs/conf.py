"""The settings of Sphinx, for `python -m demos.site`, which lays the pages out and calls it."""

from demos.site import reference
from engine.cli.doctor import version as installed

project = "chainrule"
author = "The chainrule authors"
copyright = author
version = release = installed()

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
myst_heading_anchors = 4
myst_enable_extensions: list[str] = []
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_use_type_comments = False
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "chainrule"
html_show_sphinx = False
html_copy_source = False
html_css_files = ["site.css"]
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#7c3aed",
        "color-brand-content": "#6d28d9",
        "color-background-primary": "#fbfaf7",
    },
    "dark_css_variables": {
        "color-brand-primary": "#b794ff",
        "color-brand-content": "#b794ff",
        "color-background-primary": "#15171c",
    },
}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "try.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}


def setup(app):
    """Let Sphinx read docstrings as they are written here, in plain text."""
    app.connect("autodoc-process-docstring", _read_plainly)


def _read_plainly(app, what, name, thing, options, lines):
    lines[:] = reference.readable(lines)
