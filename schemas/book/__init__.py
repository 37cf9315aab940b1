"""The policy book (政策规则库): what differs between regions, hospitals and years, as data with sources and dates.

A book is a folder that a person can edit (YAML and CSV; read by agents/book/), and one `Book` once it is read. Every
entry says who says so (`source`), for whom (`scope`), from when to when, and whether it is in force (`status`).
"""

from schemas.book.book import Book, Hospital
from schemas.book.catalogue import CatalogueItem
from schemas.book.entry import BookEntry, Scope, Status
from schemas.book.groups import DipGroup, DrgGroup, DrgRule, DrgTables
from schemas.book.payment import Budget, PaymentMethod
from schemas.book.settlement import Band, Benefit, Layer
from schemas.book.watching import Quota, Threshold

__all__ = [
    "Band",
    "Benefit",
    "Book",
    "BookEntry",
    "Budget",
    "CatalogueItem",
    "DipGroup",
    "DrgGroup",
    "DrgRule",
    "DrgTables",
    "Hospital",
    "Layer",
    "PaymentMethod",
    "Quota",
    "Scope",
    "Status",
    "Threshold",
]
