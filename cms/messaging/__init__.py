"""What leaves the system for people: the outbox, its kinds, channels and gateways.

Apps register a ``MessageKind`` and call ``queue_message`` in the transaction of the change it tells of.
"""

from cms.messaging.kinds import MessageKind, MessageText, message_kinds, register_kind
from cms.messaging.outbox import Note, queue_message, queue_messages, withdraw_about, withdraw_messages
from cms.messaging.words import day_in, moment_in

__all__ = [
    "MessageKind",
    "MessageText",
    "Note",
    "day_in",
    "message_kinds",
    "moment_in",
    "queue_message",
    "queue_messages",
    "register_kind",
    "withdraw_about",
    "withdraw_messages",
]
