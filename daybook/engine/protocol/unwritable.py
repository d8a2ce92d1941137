"""Names the messages that change a document which MongoDB refuses."""

from collections.abc import Iterable

from daybook.engine.batch import Batch
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.state import StateModel
from daybook.engine.errors import Unwritable
from daybook.engine.fold.keyed import Folded


def name_messages(error: Unwritable, folded: Folded, batch: Batch, model: StateModel) -> Unwritable:
    """The error with the offsets and keys of the batch's messages that change the document."""
    if error.collection == model.collection:
        ids = {key: model.id_of(key) for key in set(batch.keys)}
        offsets = {
            offset
            for key, offset in zip(batch.keys, batch.offsets, strict=True)
            if ids[key] == error.document
        }
    else:
        offsets = set(_offsets(error, folded)) or set(batch.offsets)
    keys = {key for key, offset in zip(batch.keys, batch.offsets, strict=True) if offset in offsets}
    return error.caused_by(str(batch.partition), offsets, keys)


def _offsets(error: Unwritable, folded: Folded) -> Iterable[int]:
    for document, caused in folded.caused.items():
        if (document.model.collection, document.id) == (error.collection, error.document):
            for one in caused:
                yield from (one.first, one.last)
    for (collection, *parts), updates in folded.updates.items():
        if (collection, ":".join(map(encode_part, parts))) == (error.collection, error.document):
            yield from (offset for offset, _ in updates)
