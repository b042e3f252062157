"""How controls look, whatever form they are in."""

from __future__ import annotations

from django import forms


def style(form: forms.Form) -> None:
    """Give each control the class that the design system has for its kind; labels need no colon."""
    form.label_suffix = ""
    for field in form.fields.values():
        kind = getattr(field.widget, "input_type", "textarea")
        field.widget.attrs["class"] = kind if kind in ("select", "checkbox", "textarea") else "input"
