"""What issuing registers with the apps below."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from caravan.backoffice.class_panels import class_panels
from certificates.issuing import (
    exports,  # noqa: F401  registered by import
    message_kinds,  # noqa: F401  kinds register by import
    my_data,  # noqa: F401  registered by import
    operations,  # noqa: F401  registered by import
    todo,
)
from certificates.issuing.enums import CertificateState
from certificates.issuing.models import Certificate
from certificates.issuing.panels import CheckCertificate, ClassCertificates, MyCertificates
from certificates.issuing.services.batches import ISSUE_CERTIFICATES
from cms.backoffice.panels import learner_panels, public_panels
from cms.backoffice.todo import todos
from cms.jobs import job_kinds
from cms.navigation import MenuEntry, public_menu
from cms.services.successions import region_contents, rows_in_region
from cms.ui import register_state_colours

register_state_colours(
    CertificateState,
    {
        CertificateState.NUMBERED: "info",
        CertificateState.ISSUED: "good",
        CertificateState.REISSUED: "info",
        CertificateState.REVOKED: "bad",
    },
)
job_kinds.register(ISSUE_CERTIFICATES.name, ISSUE_CERTIFICATES)
public_menu.register(
    "verify",
    MenuEntry(
        _("查证书真假"),
        url_name="certificates:verify_form",
        order=40,
        icon="shield",
        line=_("扫码，或者输入证书编号"),
    ),
)
public_panels.register("check_certificate", CheckCertificate())
learner_panels.register("my_certificates", MyCertificates())
class_panels.register("class_certificates", ClassCertificates())

region_contents.register("certificates", rows_in_region(Certificate))

todos.register("certificates", todo.classes_without_certificates)
