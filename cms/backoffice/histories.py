"""What belongs to the ground's objects when their history is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cms.backoffice.history import HistorySubject, history_subjects
from cms.models import DataImport, Organisation, Person


def _of_person(person: Person) -> Mapping[str, Iterable[Any]]:
    return {
        "cms.person": person.merged_people.values_list("pk", flat=True),
        "cms.affiliation": person.affiliations.values_list("pk", flat=True),
        "cms.inpostperiod": person.in_post_periods.values_list("pk", flat=True),
        "cms.grouptag": person.group_tags.values_list("pk", flat=True),
        "cms.personslip": person.slips.values_list("pk", flat=True),
        "cms.healthcertificate": person.health_certificates.values_list("pk", flat=True),
        "cms.educationrecord": person.education_records.values_list("pk", flat=True),
        "cms.changeproposal": person.change_proposals.values_list("pk", flat=True),
        "cms.revealrecord": person.reveals.values_list("pk", flat=True),
        "cms.datarequest": person.data_requests.values_list("pk", flat=True),
    }


def _of_organisation(organisation: Organisation) -> Mapping[str, Iterable[Any]]:
    return {"cms.licence": organisation.licences.values_list("pk", flat=True)}


def _of_roster(upload: DataImport) -> Mapping[str, Iterable[Any]]:
    jobs = [job for job in (upload.check_job_id, upload.import_job_id) if job]
    files = [file for file in (upload.file_id, upload.errors_file_id) if file]
    return {"cms.job": jobs, "cms.storedfile": files}


history_subjects.register("cms.person", HistorySubject(_of_person))
history_subjects.register("cms.organisation", HistorySubject(_of_organisation))
history_subjects.register("cms.dataimport", HistorySubject(_of_roster))
