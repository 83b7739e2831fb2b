"""What is made of a report afterwards: a page, Markdown, a comparison, and what CI systems read.

The rule: a `RunReport` in, text out. Nothing is asked of a portal, and nothing is worked out that
the report does not say. A report that is read is somebody else's file: bounded, checked and, in
whatever is made of it, escaped.
"""
