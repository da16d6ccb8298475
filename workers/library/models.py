"""All models of the library, where Django looks for them; defined beside the workers that use them."""

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
