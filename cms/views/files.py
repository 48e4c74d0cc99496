"""Hand private files out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from cms.access import SignedInRequest, signed_in
from cms.errors import DomainError
from cms.models import FileLink, StoredFile
from cms.services.file_links import open_link

_AT_ONCE = 8 * 1024 * 1024


@signed_in
@require_safe
def linked_file(request: HttpRequest, code: str) -> HttpResponseBase:
    """Answer a link with its file; 404 for anybody else's, 410 with words once it is over."""
    user = cast(SignedInRequest, request).user
    try:
        file, content = open_link(code, by=user, at=timezone.now())
    except FileLink.DoesNotExist:
        raise Http404 from None
    except DomainError as error:
        return render(request, "cms/files/gone.html", {"words": str(error)}, status=410)
    return as_download(file, content)


def as_download(file: StoredFile, content: Iterable[bytes]) -> HttpResponseBase:
    """Return the bytes under the file's name, never kept by a cache on the way; a large file part by part."""
    response: HttpResponseBase
    if file.size > _AT_ONCE:
        response = StreamingHttpResponse(content, content_type=file.content_type)
        response.headers["Content-Length"] = str(file.size)
    else:
        response = HttpResponse(b"".join(content), content_type=file.content_type)
    response.headers["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
    response.headers["X-Content-SHA256"] = file.sha256
    response.headers["Cache-Control"] = "private, no-store"
    return response
