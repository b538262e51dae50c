"""The report as one HTML page that needs nothing else: no network, no trust in any host, no script to be readable.

Equal hosts are folded and repeated texts are written once (`data`), so that 2,000 hosts make a page of some hundred
kilobytes. What is seen without JavaScript, and what is printed, is `page.html.j2` alone; with it, the scripts of `js/`
build the same from the data, in pieces as they are looked at.
"""

from fleet.report.model import Report


def page(report: Report) -> str:
    """The report as one HTML document that loads nothing. What hosts said is text in it, never markup."""
    # Loads jinja2 (some 40 ms), which no other form of the report needs.
    from fleet.report.html import render

    return render.page(report)
