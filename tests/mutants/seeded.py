"""The seeded bugs, each a mistake that somebody has made before in such a system."""

from tests.mutants.counting import COUNTING
from tests.mutants.restored import RESTORED
from tests.mutants.services import SERVICES

MUTANTS = (*COUNTING, *SERVICES, *RESTORED)
