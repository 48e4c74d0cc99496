"""What the template tags know: words for dates and figures, tones of states, shape of form fields."""

from cms.ui.states import register_state_colours

__all__ = ["register_state_colours"]
