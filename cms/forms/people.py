"""Back-office forms about people. They ask; the services judge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from cms.backoffice.widgets import DayInput
from cms.enums import Education, EmploymentModel, HealthCheckClass, IdType, OrganisationKindCode, PersonGroup
from cms.forms.refusals import RefusalForm
from cms.models import EducationRecord, Organisation, Person, PolicyText, User
from cms.querysets import live_on
from cms.roles import Role
from cms.scope import in_ranges, succession_rows
from cms.services.policies import SOURCE_LANGUAGE, texts_in_force
from cms.territory import places_of, territory

# Who holds add_person, add_personslip and add_dataimport (cms/permissions.py).
REGISTERING_ROLES = (Role.ORG_ADMIN, Role.PLANNER)
_SENDING = (OrganisationKindCode.COMMUNITY, OrganisationKindCode.WOMENS_FEDERATION)


def organisations_of(user: User) -> QuerySet[Organisation]:
    """Return the organisations for which ``user`` registers people: those whose office they work in.

    The right to register comes with a role in one organisation and holds in no other.
    """
    scope = user.scope()
    if scope.everything:
        return Organisation.objects.all()
    return Organisation.objects.filter(pk__in=scope.organisations(*REGISTERING_ROLES))


def _choose_organisation(field: Any, user: User) -> None:
    """Offer the user's organisations, and pick it when there is one."""
    field.queryset = organisations_of(user)
    first = list(field.queryset[:2])
    if len(first) == 1:
        field.initial = first[0]


def _who_sends_coordinators(user: User) -> QuerySet[Organisation]:
    """Return the organisations ``user`` sees, and the communities and federations of their counties.

    A coordinator seldom works for the school: the village or the women's federation sends her.
    """
    successions, today = succession_rows(), timezone.localdate()
    own = set(organisations_of(user).values_list("region_code", flat=True))
    places = own.union(*(places_of(code, successions, today) for code in own))
    counties = {f"{code[:6]}000000" for code in places if code[4:6] != "00"}
    around = in_ranges("region_code", territory(counties, successions, today))
    visible = Q(pk__in=Organisation.objects.visible_to(user).values("pk"))
    return Organisation.objects.filter(visible | (around & Q(kinds__kind__in=_SENDING))).distinct()


class RegisterPersonForm(WagtailAdminModelForm):
    """One person at the counter."""

    id_type = forms.ChoiceField(label=_("证件类型"), choices=IdType, initial=IdType.CITIZEN_ID)
    number = forms.CharField(
        label=_("证件号码"),
        max_length=40,
        help_text=_("身份证号 18 位。出生日期和性别由号码得出。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    organisation = forms.ModelChoiceField(label=_("登记机构"), queryset=Organisation.objects.none())

    class Meta:
        model = Person
        fields = ["legal_name", "phone", "ethnicity", "education", "address", "sex", "birth_date"]
        help_texts = {
            "legal_name": _("和证件上一样，生僻字照样填。"),
            "sex": _("护照才要填。"),
            "birth_date": _("护照才要填。"),
        }
        widgets = {"birth_date": DayInput}

    field_order = [
        "legal_name",
        "id_type",
        "number",
        "phone",
        "organisation",
        "ethnicity",
        "education",
        "address",
        "sex",
        "birth_date",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose_organisation(self.fields["organisation"], self.for_user)


class AboutPersonForm(RefusalForm):
    """A form about one person, filled in by ``user``."""

    def __init__(self, *args: Any, person: Person, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        if "organisation" in self.fields:
            _choose_organisation(self.fields["organisation"], user)


class DocumentForm(AboutPersonForm):
    """The document somebody at the counter holds in hand."""

    legal_name = forms.CharField(label=_("证件上的姓名"), max_length=100)
    id_type = forms.ChoiceField(label=_("证件类型"), choices=IdType, initial=IdType.CITIZEN_ID)
    number = forms.CharField(
        label=_("证件号码"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class InPostForm(AboutPersonForm):
    """Who employs the person, from when and until when."""

    organisation = forms.ModelChoiceField(label=_("用人单位"), queryset=Organisation.objects.none())
    employment_model = forms.ChoiceField(label=_("用工方式"), choices=EmploymentModel)
    started_on = forms.DateField(label=_("上岗日期"), widget=DayInput)
    ended_on = forms.DateField(
        label=_("离岗日期"), required=False, widget=DayInput, help_text=_("还在岗就空着。")
    )


class EndInPostForm(AboutPersonForm):
    """The last day in post."""

    ended_on = forms.DateField(label=_("离岗日期"), widget=DayInput)


class GroupTagForm(AboutPersonForm):
    """A person category with its proof."""

    organisation = forms.ModelChoiceField(label=_("登记机构"), queryset=Organisation.objects.none())
    group = forms.ChoiceField(label=_("人员类别"), choices=PersonGroup)
    proof_number = forms.CharField(label=_("类别证明编号"), max_length=60, required=False)
    checked_by = forms.CharField(
        label=_("由谁（或按哪份名单）核验"),
        max_length=100,
        required=False,
        help_text=_("没有核验就空着：只进统计，不算补贴资格。"),
    )
    checked_on = forms.DateField(label=_("核验日期"), required=False, widget=DayInput)
    valid_from = forms.DateField(label=_("从哪天起"), widget=DayInput)
    valid_until = forms.DateField(label=_("到哪天止"), required=False, widget=DayInput)


class HealthCertificateForm(AboutPersonForm):
    """Class of check, days and whether it was passed; never results."""

    organisation = forms.ModelChoiceField(label=_("登记机构"), queryset=Organisation.objects.none())
    check_class = forms.ChoiceField(label=_("体检类别"), choices=HealthCheckClass)
    issued_on = forms.DateField(label=_("发证日期"), widget=DayInput)
    valid_until = forms.DateField(label=_("有效期至"), widget=DayInput)
    has_passed = forms.TypedChoiceField(
        label=_("体检结论"),
        choices=[("yes", _("合格")), ("no", _("不合格"))],
        coerce=lambda value: value == "yes",
        help_text=_("只记结论，不记检查项目和结果。"),
    )


class EducationForm(AboutPersonForm):
    """What somebody finished."""

    organisation = forms.ModelChoiceField(label=_("登记机构"), queryset=Organisation.objects.none())
    education = forms.ChoiceField(label=_("文化程度"), choices=Education)
    major = forms.CharField(label=_("专业"), max_length=60, required=False)
    finished_on = forms.DateField(
        label=_("毕业日期"), required=False, widget=DayInput, help_text=_("不知道就空着。")
    )
    replaces = forms.ModelChoiceField(
        label=_("更正哪一条"),
        queryset=EducationRecord.objects.none(),
        required=False,
        help_text=_("原来登记错了才选；又学了新的，就空着。"),
    )

    def __init__(self, *args: Any, person: Person, user: User, **kwargs: Any) -> None:
        super().__init__(*args, person=person, user=user, **kwargs)
        field: Any = self.fields["replaces"]
        field.queryset = EducationRecord.objects.current().filter(person=person)


class PaperConsentForm(AboutPersonForm):
    """What the person signed on paper, when, and who keeps it."""

    texts = forms.ModelMultipleChoiceField(
        label=_("签了哪几份"),
        queryset=PolicyText.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("只列现在用的版本。纸上印的要是同一版，对一对版号再登记。"),
    )
    organisation = forms.ModelChoiceField(label=_("原件存放单位"), queryset=Organisation.objects.none())
    signed_on = forms.DateField(label=_("签字日期"), widget=DayInput, initial=timezone.localdate)

    def __init__(self, *args: Any, person: Person, user: User, **kwargs: Any) -> None:
        super().__init__(*args, person=person, user=user, **kwargs)
        texts = texts_in_force(timezone.localdate(), SOURCE_LANGUAGE)
        field: Any = self.fields["texts"]
        field.queryset = PolicyText.objects.filter(pk__in=[text.pk for text in texts.values()])
        field.label_from_instance = lambda text: (
            _("《%(title)s》第 %(version)s 版")
            % {
                "title": text.title,
                "version": text.version,
            }
        )


class DelegateForm(AboutPersonForm):
    """Which coordinator may act for the person, on a paper they signed."""

    account = forms.ModelChoiceField(
        label=_("社区协调员"), queryset=User.objects.none(), help_text=_("本人签过书面委托才能登记。")
    )
    signed = forms.BooleanField(label=_("我看过本人签的书面委托"))

    def __init__(self, *args: Any, person: Person, user: User, on: Any, **kwargs: Any) -> None:
        super().__init__(*args, person=person, user=user, **kwargs)
        coordinators = User.objects.filter(is_active=True, memberships__role=Role.COORDINATOR)
        live = coordinators.filter(
            live_on(on, start="memberships__valid_from", end="memberships__valid_until")
        )
        near = _who_sends_coordinators(user)
        self.fields["account"].queryset = live.filter(memberships__organisation__in=near).distinct()  # type: ignore[attr-defined]  # a model choice
