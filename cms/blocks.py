"""The few blocks that editors build a page of: each has one template, no query, no style of its own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock

_FOLDER = "cms/blocks/"


class PictureBlock(blocks.StructBlock):
    """A picture, with words for who cannot see it."""

    image = ImageChooserBlock(label=_("图片"))
    alternative = blocks.CharBlock(
        label=_("替代文字"),
        max_length=120,
        help_text=_("给看不见图的人听：图里是谁、在哪儿、在做什么。必填。"),
    )
    caption = blocks.CharBlock(label=_("图下的话"), max_length=120, required=False)

    class Meta:
        label = _("图片")
        icon = "image"
        template = f"{_FOLDER}picture.html"


class NoticeBlock(blocks.StructBlock):
    """Two lines that must not be missed."""

    tone = blocks.ChoiceBlock(
        label=_("语气"),
        choices=[("info", _("告诉大家")), ("warn", _("提醒注意")), ("ok", _("好消息"))],
        default="info",
    )
    title = blocks.CharBlock(label=_("一句话"), max_length=60)
    text = blocks.CharBlock(label=_("补充"), max_length=200, required=False)

    class Meta:
        label = _("提示")
        icon = "warning"
        template = f"{_FOLDER}notice.html"


class StepBlock(blocks.StructBlock):
    """One thing to do."""

    title = blocks.CharBlock(label=_("做什么"), max_length=60)
    text = blocks.CharBlock(label=_("怎么做"), max_length=300, required=False)

    class Meta:
        label = _("一步")


class StepsBlock(blocks.StructBlock):
    """What to do first, second, third."""

    heading = blocks.CharBlock(label=_("小标题"), max_length=60, required=False)
    steps = blocks.ListBlock(StepBlock(), label=_("步骤"), min_num=2, max_num=9)

    class Meta:
        label = _("步骤")
        icon = "list-ol"
        template = f"{_FOLDER}steps.html"


class FileBlock(blocks.StructBlock):
    """A document to take home: a form, a notice with a seal."""

    document = DocumentChooserBlock(label=_("文件"))
    label = blocks.CharBlock(label=_("写什么字"), max_length=60, help_text=_("例如“委托书样张”。"))

    class Meta:
        label = _("文件")
        icon = "doc-full"
        template = f"{_FOLDER}file.html"


class PhoneBlock(blocks.StructBlock):
    """Whom to ring for what."""

    who = blocks.CharBlock(label=_("找谁、办什么"), max_length=60)
    phone = blocks.RegexBlock(
        label=_("电话"),
        regex=r"^[0-9+][0-9 \-]{4,20}$",
        error_messages={"invalid": _("电话只写数字，可以有空格和横线。")},
    )
    hours = blocks.CharBlock(label=_("接听时间"), max_length=60, required=False)

    class Meta:
        label = _("电话")
        icon = "mobile-alt"
        template = f"{_FOLDER}phone.html"


class QuoteBlock(blocks.StructBlock):
    """What somebody said."""

    words = blocks.TextBlock(label=_("原话"), max_length=300)
    speaker = blocks.CharBlock(label=_("谁说的"), max_length=60)

    class Meta:
        label = _("原话")
        icon = "openquote"
        template = f"{_FOLDER}quote.html"


class PageBlocks(blocks.StreamBlock):
    """What a page may be built of."""

    text = blocks.RichTextBlock(
        label=_("文字"),
        icon="pilcrow",
        features=["h2", "h3", "bold", "ol", "ul", "link", "hr"],
        template=f"{_FOLDER}text.html",
    )
    picture = PictureBlock()
    notice = NoticeBlock()
    steps = StepsBlock()
    file = FileBlock()
    phone = PhoneBlock()
    quote = QuoteBlock()
