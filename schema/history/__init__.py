"""History: what the logs of a host say of its packages. `cause` explains changes by them."""

from schema.history.model import BY_HAND, OWN, Action, Cause, HistoryState, Move, Transaction

__all__ = ["BY_HAND", "OWN", "Action", "Cause", "HistoryState", "Move", "Transaction"]
