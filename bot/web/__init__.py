"""The public pages: templates, style, script, and what renders them."""
