"""Addresses of enrolling, taking the roll and entering results; ``caravan.urls`` includes them."""

from __future__ import annotations

from django.urls import path

from caravan.views import closing, enrolling, field, results, slips

urlpatterns = [
    path("classes/<str:class_no>/enrol/", enrolling.enrol, name="enrol"),
    path("me/enrolments/<int:pk>/", enrolling.enrolment, name="enrolment"),
    path("me/enrolments/<int:pk>/withdraw/", enrolling.withdraw, name="withdraw"),
    path("me/enrolments/<int:pk>/offer/", enrolling.offer, name="offer"),
    path("field/", field.today, name="field"),
    path("field/sessions/<int:pk>/", field.roll, name="roll"),
    path("field/sessions/<int:pk>/events/", field.add_event, name="roll_event"),
    path("field/sessions/<int:pk>/people/<int:enrolment_pk>/", field.correct, name="roll_correct"),
    path("field/sessions/<int:pk>/close/", field.close, name="roll_close"),
    path("teach/classes/<str:class_no>/results/", results.enter, name="results"),
    path("teach/classes/<str:class_no>/slips/", slips.of_class, name="teach_slips"),
    path("community/", slips.community, name="community"),
    path("community/slips/", slips.of_helped, name="community_slips"),
    path("community/classes/<str:class_no>/", slips.of_community_class, name="community_class"),
    path("teach/classes/<str:class_no>/close/", closing.close, name="teach_close"),
]
