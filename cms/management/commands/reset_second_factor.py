"""Take an account's second factor off from the server's own command line."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cms.errors import DomainError
from cms.models import User
from cms.services.second_factor import reset


class Command(BaseCommand):
    """The way back when the only system administrator lost phone and paper."""

    help = "Take an account's second factor off; it signs in with its password and adds a new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the account and the reason."""
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="stands in the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reset it, or say why not."""
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError("There is no account of this user name.")
        try:
            reset(user, reason=options["reason"], by=None, at=timezone.now())
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Done; the account is signed out everywhere.")
