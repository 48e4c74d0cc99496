"""What the ground itself keeps under the installation's keys; registered by import."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext_lazy as _

from cms.models import AuditNote, ChangeProposal, DataRequest, ImportRow, PersonDocument, SigningKey
from cms.rotation import KeyedStore, keyed_stores, token_column
from cms.services import files, rotation, second_factor

keyed_stores.register("documents", token_column(PersonDocument, "number_token", _("证件号码")))
keyed_stores.register(
    "document_digests",
    KeyedStore(_("证件检索码"), rotation.kept_documents, rotation.stale_documents, rotation.renew_digests),
)
keyed_stores.register("import_rows", token_column(ImportRow, "errors_token", _("导入时的错格")))
keyed_stores.register(
    "files", KeyedStore(_("私密文件"), rotation.encrypted_files, rotation.stale_files, files.renew_file)
)
keyed_stores.register("audit_notes", token_column(AuditNote, "text_token", _("操作说明")))
keyed_stores.register("proposals", token_column(ChangeProposal, "number_token", _("更正：新的证件号码")))
keyed_stores.register("requests_wanted", token_column(DataRequest, "wanted_token", _("更正申请：应当是")))
keyed_stores.register("requests_note", token_column(DataRequest, "note_token", _("更正和删除申请：说明")))
keyed_stores.register("requests_answer", token_column(DataRequest, "answer_token", _("更正和删除申请：答复")))
keyed_stores.register("signing_keys", token_column(SigningKey, "private_token", _("签名密钥的私钥")))
keyed_stores.register(
    "second_factors",
    KeyedStore(
        _("第二重验证的密钥"),
        Authenticator.objects.all,
        second_factor.stale_factors,
        second_factor.renew_factor,
    ),
)
