"""Every table of the library, for Django to find; the tables are described where they are used."""

from workers.library.patterns.models import CountedEvent, EventMetric
from workers.library.shop.models import Confirmation, Payment, Product, Reservation, ReservationLine, Shipment

__all__ = [
    "Confirmation",
    "CountedEvent",
    "EventMetric",
    "Payment",
    "Product",
    "Reservation",
    "ReservationLine",
    "Shipment",
]
