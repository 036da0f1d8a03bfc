"""Words that give the number right behind them to an order, an invoice, a part: whatever else it looks like. A helper, no detector."""

from __future__ import annotations

import re

from tidegate.privacy.document import Document

# The nearest word names a number: `Tel 0171 3920055, order 0171392005`.
_GOODS = re.compile(
    r"(?:order|invoice|part|serial|article|item|ticket|quote|lot|batch|bearing|gasket|spare|sku|isbn|issn|ean|bestell\w{0,3}|bestellung|rechnung|artikel"
    r"|ersatzteil|bauteil|teile|lager|dichtung|auftrag|lieferschein|vorgang|commande|facture|pièce|réf\w{0,9}|pedido|factura|pieza|ordine|fattura|ricambio"
    r"|factuur|onderdeel|artikelnummer|tracking|parcel|s/n|p/n|rma|po)"
    r"(?:[ _-]?(?:no|nr|num|number|nummer|id|code))?[.:#=\"' (]{0,4}$"
)
_WIDTH = 32


def of_goods(document: Document, start: int) -> bool:
    """Whether the word right before `start` names a number of goods or papers, on the same line."""
    return _GOODS.search(document.before(start, _WIDTH)) is not None
