"""Seeded bugs of what counts and recounts: engine, groups, recount."""

from tests.mutants.mutant import Mutant

PROTOCOL = ("tests/engine/protocol/test_protocol.py",)
FUNNELS = ("tests/consumers/test_funnel_step.py",)
UNIQUES = ("tests/engine/protocol/test_sketch_merge.py",)
FAILPOINTS = "tests/scenarios/test_failpoints.py"
LOG = "tests/scenarios/test_log.py"
MADE_AGAIN = "tests/scenarios/test_recreated_topics.py"
LIVE = ("tests/contract/test_live_store.py",)
PROJECTOR = ("tests/engine/live/test_projector.py",)

COUNTING = (
    Mutant(
        "changes refused in part are not trimmed",
        "daybook/engine/protocol/settle.py",
        "pending = again | trim(overlapping)",
        "pending = again",
        PROTOCOL,
    ),
    Mutant(
        "states written before effects",
        "daybook/engine/protocol/settle.py",
        """        self._apply(batch, work.changes, folded.changes, settled)
        self._store.put(work.rows, batch.partition)
        if folded.sketches:
            merge_sketches(
                self._store, folded.sketches, batch.partition, folded.sketched, self._pause
            )
        self._send_items(folded.outgoing, batch.partition)
        reach("before_state")
        changed = [(work.reads[key], states[key]) for key in folded.touched]
""",
        """        changed = [(work.reads[key], states[key]) for key in folded.touched]
        self._store.replace(self._group.state, changed)
        self._apply(batch, work.changes, folded.changes, settled)
        changed = []
""",
        PROTOCOL,
    ),
    Mutant(
        "messages below a state's watermark folded again",
        "daybook/engine/fold/keyed.py",
        "if offset <= partition.applied(state):",
        "if False:",
        PROTOCOL,
    ),
    Mutant(
        "states written before their sketches",
        "daybook/engine/protocol/settle.py",
        """        if folded.sketches:
            merge_sketches(
                self._store, folded.sketches, batch.partition, folded.sketched, self._pause
            )
        self._send_items(folded.outgoing, batch.partition)
        reach("before_state")
        changed = [(work.reads[key], states[key]) for key in folded.touched]
""",
        """        changed = [(work.reads[key], states[key]) for key in folded.touched]
        self._store.replace(self._group.state, changed)
        if folded.sketches:
            merge_sketches(
                self._store, folded.sketches, batch.partition, folded.sketched, self._pause
            )
        changed = []
""",
        UNIQUES,
    ),
    Mutant(
        "states written before items are sent",
        "daybook/engine/protocol/settle.py",
        """        self._send_items(folded.outgoing, batch.partition)
        reach("before_state")
        changed = [(work.reads[key], states[key]) for key in folded.touched]
""",
        """        changed = [(work.reads[key], states[key]) for key in folded.touched]
        self._store.replace(self._group.state, changed)
        self._send_items(folded.outgoing, batch.partition)
        changed = []
""",
        ("tests/engine/protocol/test_outgoing.py",),
    ),
    Mutant(
        "refused sketches are not retried",
        "daybook/engine/protocol/sketch_merge.py",
        "pending = {name: pending[name] for name in store.swap(collection, changed)}",
        "pending = dict.fromkeys(store.swap(collection, changed)) and {}",
        UNIQUES,
    ),
    Mutant(
        "a sketch replaced without checking its revision",
        "daybook/engine/mongo/store.py",
        'as_read = {"_id": document["_id"], "_daybook.revision": read["revision"]}',
        'as_read = {"_id": document["_id"]}',
        ("tests/contract/test_store.py", "-k", "swapped"),
    ),
    Mutant(
        "a change whose amounts cancel out is not written",
        "daybook/engine/fold/keyed.py",
        "                change.add(caused.effect.amount, caused.effect.value)\n",
        "                change.add(caused.effect.amount, caused.effect.value)\n"
        "            if not any(change.amounts.values()):\n"
        "                del changes[document]\n",
        FUNNELS,
    ),
    Mutant(
        "forgetting a session subtracts it from the documents",
        "daybook/engine/fold/memory_delta.py",
        "            self._sums.pop(key, None)\n",
        "",
        FUNNELS,
    ),
    Mutant(
        "messages out of order are measured as one run",
        "daybook/engine/fold/memory_delta.py",
        "if self._singly or not self._memory.follows(view, event, arrival):",
        "if self._singly:",
        FUNNELS,
    ),
    Mutant(
        "a watermark within a joint effect is ignored",
        "daybook/engine/fold/keyed.py",
        """            if first <= watermark:
                raise Refused
""",
        "            first = max(first, watermark + 1)\n",
        FUNNELS,
    ),
    Mutant(
        "the pins of a forgotten day are kept",
        "daybook/funnels/pins.py",
        "            forget_pins(visitor, arrival)\n",
        "",
        FUNNELS,
    ),
    Mutant(
        "a duplicate of an older definition applies again",
        "daybook/funnels/registry.py",
        """        if place in self._ids:
            return None
""",
        "",
        FUNNELS,
    ),
    Mutant(
        "a definition is lost when it cannot be stored",
        "consumers/funnel_step.py",
        """        for partition, rows in groupby(unwritten.items(), lambda item: item[0][0]):
            store.put([row for _, row in rows], partition)
        unwritten.clear()
""",
        """        rows_now = dict(unwritten)
        unwritten.clear()
        for partition, rows in groupby(rows_now.items(), lambda item: item[0][0]):
            store.put([row for _, row in rows], partition)
""",
        (
            "tests/consumers/test_funnel_step.py::"
            "test_a_definition_that_could_not_be_stored_applies_and_is_stored_later",
        ),
    ),
    Mutant(
        "an empty reason is counted",
        "daybook/funnels/measures/single_event.py",
        'if event.get("reason"):',
        'if "reason" in event:',
        FUNNELS,
    ),
    Mutant(
        "a pin applies to messages before it",
        "daybook/funnels/pins.py",
        'not _is_here(pin, arrival) or int(pin["offset"]) <= arrival.offset',
        "True",
        FUNNELS,
    ),
    Mutant(
        "a pin applies in another partition than its own",
        "daybook/funnels/pins.py",
        '(pin["topic_id"], pin["partition"]) == (arrival.topic_id, arrival.partition)',
        'pin["topic_id"] == arrival.topic_id',
        FUNNELS,
    ),
    Mutant(
        "verify overlooks damage to visitor states",
        "daybook/recount/compare/states.py",
        "            equal = identical(stored_value, expected_value)",
        "            equal = True",
        (
            "tests/scenarios/test_recount_funnel.py::test_damage_is_named_and_repaired_while_the_group_runs",
        ),
    ),
    Mutant(
        "a partition assigned again stays paused",
        "daybook/engine/member/assignment.py",
        "        self._consumer.current.resume([TopicPartition(*place)])\n",
        "",
        ("tests/scenarios/test_outages.py",),
    ),
    Mutant(
        "an order is counted in two partitions",
        "daybook/engine/protocol/home_partition.py",
        "strays.append(index)",
        "pass",
        PROTOCOL,
    ),
    Mutant(
        "a counter without its guard",
        "daybook/engine/mongo/update.py",
        'return {"_id": change.document.id, partition.watermark: {"$not": {"$gte": change.first}}}',
        'return {"_id": change.document.id}',
        (FAILPOINTS, "-k", "CountersKilledBetweenDocuments"),
    ),
    Mutant(
        "offsets committed before the write",
        "daybook/engine/member/member.py",
        """        for assigned in pending:
            if not assigned.lost:
                self._settle(assigned)
""",
        """        for assigned in pending:
            assigned.durable = assigned.read
        self._committer.commit(pending)
        for assigned in pending:
            if not assigned.lost:
                self._settle(assigned)
""",
        (FAILPOINTS, "-k", "BeforeWrite"),
    ),
    Mutant(
        "a client is kept although its topic was recreated",
        "daybook/engine/kafka/renewable_consumer.py",
        "        if not recreated:\n",
        "        if True:\n",
        (MADE_AGAIN, "-k", "leaders_changed and classic"),
    ),
    Mutant(
        "watermarks without the topic's id",
        "daybook/engine/partition.py",
        'return f"_daybook.applied.{self.topic_id}.{self.number}"',
        'return f"_daybook.applied.topic.{self.number}"',
        (LOG, "-k", "TopicRecreatedShorter"),
    ),
    Mutant(
        "an order's state split into two documents",
        "daybook/engine/mongo/store.py",
        """        now = datetime.fromtimestamp(self._clock(), UTC)
        operations = (
            (collection, [_replacement(read, state, now) for read, state in chunk])
""",
        """        for read, state in states:
            state["_daybook"]["revision"] = Int64(read.revision + 1)
            self._documents[model.collection].update_one(
                {"_id": read.id}, {"$set": {"_daybook.applied": state["_daybook"]["applied"]}}
            )
            self._documents[model.collection + "_ids"].update_one(
                {"_id": read.id}, {"$set": {"event_ids": state["event_ids"]}}, upsert=True
            )
        reach("before_checkpoint")
        whole = [ReplaceOne({"_id": state["_id"]}, dict(state)) for _, state in states]
        replaced = self._bulks.run_concurrently(self._bulks.match, [(model.collection, whole)])
        return not whole or all(replaced)
        operations = (
            (collection, [_replacement(read, state, now) for read, state in chunk])
""",
        (FAILPOINTS, "-k", "BeforeCheckpoint and not Counters"),
    ),
    Mutant(
        "auto-commit on",
        "daybook/engine/kafka/clients.py",
        """            "max.poll.interval.ms": settings.kafka_max_poll_interval_ms,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
""",
        """            "max.poll.interval.ms": settings.kafka_max_poll_interval_ms,
            "enable.auto.commit": True,
            "auto.commit.interval.ms": 100,
            "enable.auto.offset.store": True,
""",
        (FAILPOINTS, "-k", "BeforeState"),
    ),
    Mutant(
        "the duplicate window is not rebuilt",
        "daybook/engine/member/starter.py",
        "read_from = max(bounds.low, start - self._rules.duplicate_window)",
        "read_from = start",
        (LOG, "-k", "ProducerSendsAgain"),
    ),
    Mutant(
        "messages read for the window are never dropped",
        "daybook/engine/member/assigned_partition.py",
        "self.batch is not None or bool(self.buffer) or self.read > self.durable",
        "self.batch is not None or self.read > self.durable",
        ("tests/engine/member/test_assigned_partition.py",),
    ),
    Mutant(
        "writes with w:1",
        "daybook/engine/mongo/client.py",
        'write_concern=WriteConcern(w="majority", j=True, wtimeout=_TIMEOUT_MS),',
        "write_concern=WriteConcern(w=1),",
        ("tests/scenarios/test_outages.py", "-k", "primary"),
    ),
    Mutant(
        "a dead letter produced without a record",
        "daybook/engine/protocol/dead_letters.py",
        "        self._record(partition, written, now)\n",
        "",
        (FAILPOINTS, "-k", "WithinDeadLetter and not Counters"),
    ),
    Mutant(
        "a recorded dead letter is never produced again",
        "daybook/engine/decode/decoder.py",
        "            raise Poison(*self._dead[offset])\n",
        '            return batch.count_outcome("dead", is_counted)\n',
        (FAILPOINTS, "-k", "WithinDeadLetter and not Counters"),
    ),
    Mutant(
        "checkpoints not stored in MongoDB",
        "daybook/engine/protocol/checkpoints.py",
        '"$max": {"offset": Int64(checkpoint.offset)},',
        '"$max": {"offset": Int64(0)},',
        (LOG, "-k", "OffsetsLost"),
    ),
    Mutant(
        "starts at the higher of checkpoint and commit",
        "daybook/engine/kafka/offsets.py",
        "start = min(checkpoint, commit.offset)",
        "start = max(checkpoint, commit.offset)",
        ("tests/engine/kafka/test_offsets.py",),
    ),
    Mutant(
        "commits of another fleet accepted",
        "daybook/engine/kafka/offsets.py",
        "if commit.offset >= 0 and separator and owner != fleet:",
        "if False:",
        ("tests/scenarios/test_fleets.py", "-k", "second_fleet"),
    ),
    Mutant(
        "a recount limited to the document's own offsets",
        "daybook/recount/session.py",
        "self.replay.limit(reach, ahead",
        "self.replay.limit({}, ahead",
        ("tests/scenarios/test_recount.py", "-k", "lost"),
    ),
    Mutant(
        "a recount does not notice keys missing in a sketch",
        "daybook/recount/verdict/sketches.py",
        "if lacks(together, due) or lacks(known, together):",
        "if lacks(known, together):",
        ("tests/scenarios/test_recount_funnel.py", "-k", "recounted_and_repaired"),
    ),
    Mutant(
        "the newest name of a product wins",
        "daybook/engine/mongo/map_expressions.py",
        '{"$max": ["$$was.name", "$$add.name"]}',
        '{"$ifNull": ["$$add.name", "$$was.name"]}',
        ("tests/contract/test_store.py", "-k", "greatest and mongodb"),
    ),
    Mutant(
        "the recount ignores names",
        "daybook/recount/compare/maps.py",
        "{NAME: counts.get(NAME)} if field.is_named else {}",
        "{NAME: None} if field.is_named else {}",
        ("tests/recount/revenue/test_funnels.py", "-k", "agree"),
    ),
    Mutant(
        "totals of a former owner shown",
        "daybook/engine/live/scripts.py",
        "(is_of_the_day and held_revision > revision)",
        "false",
        LIVE,
    ),
    Mutant(
        "yesterday's totals replace today's",
        "daybook/engine/live/scripts.py",
        "(held[1] > date or (is_of_the_day and held_revision > revision))",
        "(is_of_the_day and held_revision > revision)",
        LIVE,
    ),
    Mutant(
        "a visitor moved back to an earlier step",
        "daybook/engine/live/scripts.py",
        "and not (held and held > at) then",
        "then",
        LIVE,
    ),
    Mutant(
        "messages to subscribers are not rate-limited",
        "daybook/engine/live/scripts.py",
        "if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then return 0 end",
        "",
        LIVE,
    ),
    Mutant(
        "outdated totals published to subscribers",
        "daybook/engine/live/scripts.py",
        "if held[1] == date and tonumber(held[2] or '') == revision then",
        "if true then",
        LIVE,
    ),
    Mutant(
        "events counted while Redis was away are not shown",
        "daybook/engine/live/projector.py",
        "shown = events if self._is_complete else list(self._recent_events)",
        "shown = events",
        PROJECTOR,
    ),
    Mutant(
        "an emptied Redis is not noticed",
        "daybook/engine/live/projector.py",
        "if self._store.was_emptied():",
        "if self._store.was_emptied() and False:",
        PROJECTOR,
    ),
    Mutant(
        "documents are dropped while Redis is away",
        "daybook/engine/live/projector.py",
        "            self._buffer.put_back(touched)\n",
        "",
        PROJECTOR,
    ),
)
