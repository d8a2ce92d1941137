"""The seeded bugs, each a mistake that somebody has made before in such a system."""

from tests.mutants.counting import COUNTING
from tests.mutants.services import SERVICES
from tests.mutants.web_client import WEB_CLIENT

MUTANTS = (*COUNTING, *SERVICES, *WEB_CLIENT)
