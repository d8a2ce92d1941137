"""Seeded bugs of a database that went back: each lets memory outlive what was stored."""

from tests.mutants.mutant import Mutant

WENT_BACK = "tests/scenarios/test_database_went_back.py"

RESTORED = (
    Mutant(
        "checkpoints are not compared before a flush",
        "daybook/engine/member/member.py",
        "        self._retry.until_done(lambda: self._continuity.check(self.assigned))\n",
        "        pass\n",
        (WENT_BACK, "-k", "CountersRestoredWhileIdle"),
    ),
    Mutant(
        "a connection opened after a restore is trusted",
        "daybook/engine/mongo/fence.py",
        "        if process != self._renewed_for:\n",
        "        if False:\n",
        ("tests/engine/mongo/test_fence.py",),
    ),
    Mutant(
        "neither checkpoints nor connections are checked",
        "daybook/engine/member/member.py",
        """        except StartAgain as why:
            self._start_again(why)
""",
        """        except StartAgain:
            self._continuity.renew()
            for one in self.assigned:
                one.saved = 0
""",
        (WENT_BACK, "-k", "random_moments and OfOrders"),
    ),
    Mutant(
        "a checkpoint jumps over what a restore took away",
        "daybook/engine/protocol/checkpoints.py",
        'where["offset"] = {"$gte": Int64(checkpoint.saved)}',
        "pass",
        ("tests/engine/protocol/test_checkpoints.py",),
    ),
    Mutant(
        "definitions read before a restore are kept",
        "daybook/engine/member/handlers.py",
        """    def forget(self) -> bool:
        self._prepare = self._preparation()
        return""",
        """    def forget(self) -> bool:
        return""",
        (WENT_BACK, "-k", "DefinitionsRestoredWhileIdle"),
    ),
)
