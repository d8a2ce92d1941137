"""Finds the messages at which a group's own code raises, so that the rest of a batch is counted.

The batch is tried in halves, in log order, on copies of the states, and nothing is written. A run
that passes moves the copies on, so each message found costs about as much as the messages since
the one before it.
"""

import pickle
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from daybook.engine.batch import Batch
from daybook.engine.documents.rows import Row
from daybook.engine.documents.state import State, StateModel
from daybook.engine.errors import NAMED, Unwritable
from daybook.engine.partition import Partition
from daybook.engine.store import Store

Fold = Callable[[Batch, dict[str, State]], object]
"""Folds a batch into states, which it changes, and writes nothing but definitions' rows."""


class StoreFailed(Exception):
    """The store raised `error`, for which no message is to blame."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class PinsLater:
    """The store that `prepare` gets: it amends the states in memory, and `write` makes it durable.

    So the fold has passed before anything is written that names its messages. A fold replaces the
    amended fields of a state, and never changes them in place. Rows are stored at once.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._model: StateModel | None = None
        self._amended: dict[str, tuple[State, dict[str, Any]]] = {}

    def amend(
        self, model: StateModel, fields: Mapping[str, tuple[State, Mapping[str, Any]]]
    ) -> None:
        self._model = model
        for key, (state, values) in fields.items():
            read = {"_id": state["_id"], "_daybook": dict(state["_daybook"])}
            _, earlier = self._amended.get(key, (read, {}))
            self._amended[key] = read, earlier | dict(values)
            state.update(values)

    def put(self, rows: Collection[Row], partition: Partition) -> None:
        try:
            self._store.put(rows, partition)
        except Unwritable as error:
            offsets = [row.last for row in rows if row.id == error.document]
            raise error.caused_by(str(partition), offsets, []) from error
        except NAMED:
            raise
        except Exception as error:
            raise StoreFailed(error) from error

    def write(self) -> dict[str, int]:
        """Makes the amendments durable; returns the new revision of each amended state, by key.

        Raises Unavailable, and Refused if a state changed since it was read.
        """
        if self._model is None:
            return {}
        self._store.amend(self._model, self._amended)
        return {key: read["_daybook"]["revision"] for key, (read, _) in self._amended.items()}


def find_faults(
    batch: Batch, states: Mapping[str, State], fold: Fold
) -> Iterator[tuple[int, Exception]]:
    """The index of each message without which the others fold, and the exception it causes.

    Of messages that raise only together, it is the last one. Changes no state. Raises what is no
    message's fault: what `fold` raises for no message at all, the exceptions in NAMED, StoreFailed.
    """
    if error := _try(fold, batch.subset([]), {})[1]:
        raise error
    states = dict(states)
    start, step = 0, max(1, len(batch.offsets) // 2)
    while start < len(batch.offsets):
        run = batch.subset(list(range(start, min(start + step, len(batch.offsets)))))
        moved_on, error = _try(fold, run, {key: states[key] for key in set(run.keys)})
        if error is None:
            states |= moved_on
            start, step = start + step, 2 * step
        elif step == 1:
            yield start, error
            start += 1
        else:
            step = max(1, len(run.offsets) // 2)


def _try(
    fold: Fold, batch: Batch, states: dict[str, State]
) -> tuple[dict[str, State], Exception | None]:
    """The states after the fold, and what it raised."""
    # A state of 2 MB is copied in a tenth of the time that `deepcopy` takes.
    copies: dict[str, State] = pickle.loads(pickle.dumps(states))
    try:
        fold(batch, copies)
    except (*NAMED, StoreFailed):
        raise
    except Exception as error:
        return copies, error
    return copies, None
