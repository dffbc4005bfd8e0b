"""What can go wrong in storage, sorted by what the caller does next."""

from __future__ import annotations


class StorageError(Exception):
    """Something storage could not do; the message is for the operator and holds no secret."""


class DatabaseUrlError(StorageError):
    """`DATABASE_URL` names no database that we can use: correct the setting."""


class DatabaseUnavailableError(StorageError):
    """The database is away, locked or unusable: try again later."""


class SchemaOutdatedError(StorageError):
    """The database is older than the code: run the command that the message names."""


class SchemaNewerError(StorageError):
    """The database is newer than the code: install the newer version."""


class LeaseLostError(StorageError):
    """Another worker took the conversation over: drop this turn, it is done elsewhere."""


class BackupError(StorageError):
    """The backup cannot be written, read or put there: nothing was changed."""


class UnsealError(StorageError):
    """The bytes were not sealed with any of the secrets."""
