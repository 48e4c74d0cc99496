"""State changes of certificates; one use case a module."""

from certificates.issuing.services.issuing import issue_certificate

__all__ = ["issue_certificate"]
