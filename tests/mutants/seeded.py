"""The seeded bugs, each a mistake that somebody has made before in such a system."""

from tests.mutants.counting import COUNTING
from tests.mutants.services import SERVICES
from tests.mutants.visitors import VISITORS

MUTANTS = (*COUNTING, *SERVICES, *VISITORS)
