"""Pieces that apps add to a class's page in the back office; the subject is the ``TrainingClass``."""

from __future__ import annotations

from cms.backoffice.panels import Panel
from cms.registry import Registry

# Placed as "class": ``{% panels "class" training_class %}``.
class_panels: Registry[Panel] = Registry("class page panels")
