"""What the steps of the story hand on to each other."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from caravan.models import TrainingClass
from certificates.demo.stage import Stage
from cms.models import Person
from tests.journeys.screens import Screens

CAPACITY, FROM_ROSTER = 12, 30
TITLE = "红旗村居家安全与急救班"


@dataclass
class Journey:
    """What the steps hand on to each other."""

    screens: Screens
    stage: Stage
    today: dt.date
    people: list[Person] = field(default_factory=list)
    opened: TrainingClass | None = None

    @property
    def training_class(self) -> TrainingClass:
        """The class of the story, as it is now."""
        assert self.opened is not None
        return TrainingClass.objects.get(pk=self.opened.pk)

    def day(self, before: int) -> dt.date:
        """Return the day so many days before today."""
        return self.today - dt.timedelta(days=before)
