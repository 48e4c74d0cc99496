"""What hangs on a person follows a merge, or somebody has said why it stays."""

from __future__ import annotations

from django.apps import apps
from django.db import models

from cms.merging import merge_moves, merge_stays, relation_name
from cms.models import Person
from tests.guards.source import APPS


def relations(every_model: list[type[models.Model]]) -> set[str]:
    """Return every foreign key to ``Person`` of our apps as the registries name it."""
    return {
        relation_name(model, field.name)
        for model in every_model
        if model._meta.app_label in APPS
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]
        if field.related_model is Person
    }


def undeclared(every_model: list[type[models.Model]]) -> set[str]:
    """Return the relations that no app registered."""
    return relations(every_model) - set(merge_moves.keys()) - set(merge_stays.keys())


def test_every_relation_to_a_person_moves_or_says_why_it_stays() -> None:
    found = relations(apps.get_models())
    assert {"caravan.enrolment.person", "cms.personaccount.person"} <= found
    assert not undeclared(apps.get_models())


def test_nothing_is_declared_twice_or_in_vain() -> None:
    declared = {*merge_moves.keys(), *merge_stays.keys()} - {"cms.person"}
    assert not set(merge_moves.keys()) & set(merge_stays.keys())
    assert declared == relations(apps.get_models())


def test_the_guard_sees_a_new_relation() -> None:
    class Notebook(models.Model):
        owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

        class Meta:
            app_label = "cms"
            managed = False

    try:
        assert undeclared([Notebook]) == {"cms.notebook.owner"}
    finally:
        del apps.all_models["cms"]["notebook"]
        apps.clear_cache()
