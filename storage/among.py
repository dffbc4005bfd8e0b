"""«One of these» with all of them as one parameter: the statement is the same for one and for sixty-four.

SQLAlchemy's own IN has a parameter for each: every number of them is another statement, which is compiled
and prepared anew, on each connection.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    Text,
    TypeDecorator,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from storage.columns import storable


class _Listed(TypeDecorator[Collection[Any]]):
    """Values as one parameter: an array, in SQLite JSON."""

    impl = Text
    cache_ok = True
    item: TypeEngine[Any]

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return what the database takes."""
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> list[Any] | str:
        """Return the values in that form."""
        values = list(value or ())
        return values if dialect.name == "postgresql" else json.dumps(values)


class Numbers(_Listed):
    """Ids."""

    cache_ok = True
    item = BigInteger()


class Texts(_Listed):
    """Keys and names."""

    cache_ok = True
    item = Text()

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> list[Any] | str:
        """Return the texts as they are stored."""
        return super().process_bind_param([storable(text) for text in value or ()], dialect)


class _Among(FunctionElement[bool]):
    """A column and a parameter."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> _Among:  # noqa: ARG002 - as SQLAlchemy has it
        """Stand as it is: `… = 1`, which SQLite would be given for a boolean, keeps it from any index."""
        return self


def among(
    column: InstrumentedAttribute[Any], parameter: str, listed: type[_Listed] = Numbers
) -> ColumnElement[bool]:
    """Say that a column is one of the values given for a parameter when the statement is executed."""
    return _Among(column, bindparam(parameter, type_=listed()))


@compiles(_Among, "postgresql")
def _any(element: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    column, values = element.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(values, **options)})"


@compiles(_Among, "sqlite")
def _each(element: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    column, values = element.clauses
    listed = compiler.process(values, **options)
    return f"{compiler.process(column, **options)} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 - parts of SQL
