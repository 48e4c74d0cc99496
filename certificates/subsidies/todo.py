"""Claims that wait for somebody."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from certificates.subsidies.enums import BatchState, ClaimState
from certificates.subsidies.models import Claim, ClaimBatch
from cms.backoffice.todo import Todo
from cms.models import User
from cms.roles import Role


def _claims(state: ClaimState) -> str:
    return f"{reverse('certificates_claim:index')}?state={state}"


def _count(user: User, state: ClaimState) -> int:
    return Claim.objects.visible_to(user).filter(state=state).count()


def claims_to_review(user: User) -> Todo | None:
    """Submitted claims of the officer's regions."""
    if not user.live_roles() & {Role.SUBSIDY_OFFICER}:
        return None
    count = _count(user, ClaimState.SUBMITTED)
    return Todo(_("新的申领"), _("开始审核"), count, _claims(ClaimState.SUBMITTED))


def claims_to_approve(user: User) -> Todo | None:
    """Claims under review in the approver's regions."""
    if not user.live_roles() & {Role.APPROVER}:
        return None
    count = _count(user, ClaimState.REVIEW)
    return Todo(_("待审批的申领"), _("核对后审批，申报和审批是两个人"), count, _claims(ClaimState.REVIEW))


def claims_to_send(user: User) -> Todo | None:
    """Payable claims that are in no batch."""
    if not user.live_roles() & {Role.SUBSIDY_OFFICER}:
        return None
    rows = Claim.objects.visible_to(user).to_send()
    return Todo(
        _("待拨付的申领"), _("公示完了，可以生成批次"), rows.count(), reverse("certificates_new_batch")
    )


def claims_revoked(user: User) -> Todo | None:
    """Approved claims whose certificate was revoked before the money went out."""
    if not user.live_roles() & {Role.SUBSIDY_OFFICER}:
        return None
    rows = Claim.objects.visible_to(user).revoked_before_payment()
    return Todo(
        _("证书已撤销的申领"),
        _("不能拨付，请退回审核"),
        rows.count(),
        f"{reverse('certificates_claim:index')}?revoked=true",
    )


def claims_to_recover(user: User) -> Todo | None:
    """Paid claims whose certificate was revoked, no recovery open."""
    if not user.live_roles() & {Role.APPROVER}:
        return None
    rows = Claim.objects.visible_to(user).revoked_after_payment()
    return Todo(
        _("已拨付、证书又撤销的申领"),
        _("核实后办追回"),
        rows.count(),
        f"{reverse('certificates_claim:index')}?revoked=paid",
    )


def claims_on_hold(user: User) -> Todo | None:
    """Claims that were put on hold, for want of a paper or an answer."""
    if not user.live_roles() & {Role.SUBSIDY_OFFICER}:
        return None
    count = _count(user, ClaimState.HOLD)
    return Todo(_("暂缓的申领"), _("材料补齐了就接着审核"), count, _claims(ClaimState.HOLD))


def claims_not_paid(user: User) -> Todo | None:
    """Payments that came back."""
    if not user.live_roles() & {Role.SUBSIDY_OFFICER}:
        return None
    count = _count(user, ClaimState.PAYMENT_FAILED)
    return Todo(_("拨付失败的申领"), _("核对账户后再拨付"), count, _claims(ClaimState.PAYMENT_FAILED))


def batches_to_answer(user: User) -> Todo | None:
    """Batches that were sent and of which the treasury's answer is not on record."""
    if not user.live_roles() & {Role.SUBSIDY_OFFICER}:
        return None
    count = ClaimBatch.objects.visible_to(user).awaiting_results().count()
    url = f"{reverse('certificates_batch:index')}?awaits=result"
    return Todo(_("等拨付结果的批次"), _("收到回单就登记"), count, url)


def recoveries_running(user: User) -> Todo | None:
    """Recoveries whose ledger the officer keeps."""
    if not user.live_roles() & {Role.SUBSIDY_OFFICER}:
        return None
    count = _count(user, ClaimState.RECOVERING)
    return Todo(_("追回中的申领"), _("通知和退款记进台账"), count, _claims(ClaimState.RECOVERING))


def batches_to_export(user: User) -> Todo | None:
    """Batches that nobody has exported yet."""
    if not user.live_roles() & {Role.SUBSIDY_OFFICER}:
        return None
    count = ClaimBatch.objects.visible_to(user).filter(state=BatchState.FROZEN).count()
    url = f"{reverse('certificates_batch:index')}?state={BatchState.FROZEN}"
    return Todo(_("还没导出的批次"), _("导出名单，送去拨付"), count, url)
