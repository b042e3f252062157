"""Presentation of forms that come from libraries, which know nothing of our classes."""

from __future__ import annotations

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def dressed(field: BoundField) -> SafeString:
    """The control with the class that the design system has for its kind."""
    kind = getattr(field.field.widget, "input_type", "textarea")
    return field.as_widget(attrs={"class": kind if kind in ("select", "checkbox", "textarea") else "input"})
