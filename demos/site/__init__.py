"""The site: the pages of docs/, a reference made from docstrings, and the engine in the browser.

>>> from demos.site.links import broken
>>> broken({"index.html": '<a href="#top">up</a> <p id="top">'})
[]

`python -m demos.site build` writes it into out/site, `python -m demos.site serve` shows it. pages
lays the Markdown pages out for Sphinx, reference writes the pages that come from the code,
documentation runs Sphinx with docs/conf.py, and links checks every link and anchor. playground puts
the page together in which the engine runs, and in_browser is what answers there. workshop lays the
exercises out for the page of the workshop; what answers there is demos/workshop/in_browser.py.
"""
