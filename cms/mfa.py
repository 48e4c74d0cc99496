"""What allauth's second-factor models ask of the project: keys encrypted, and our name in the app."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser

from cms.crypto import decrypt_text, encrypt_text


class Adapter(DefaultMFAAdapter):
    """Secrets are stored with ``FIELD_KEYS``; what the app on the phone shows is ours."""

    def encrypt(self, text: str) -> str:
        """Return ``text`` as it is stored."""
        return encrypt_text(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret."""
        return decrypt_text(encrypted_text)

    def get_totp_issuer(self) -> str:
        """Return the name of the site."""
        return str(settings.SITE_TITLE)

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        """Return whose account it is, without phone or address: others look at that list too."""
        return str(user)
