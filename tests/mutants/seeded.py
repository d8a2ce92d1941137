"""The seeded bugs, each a mistake that somebody has made before in such a system."""

from tests.mutants.attacks import ATTACKS
from tests.mutants.callers import CALLERS
from tests.mutants.counting import COUNTING
from tests.mutants.door import BOUNDS
from tests.mutants.joined import JOINED
from tests.mutants.meaning import MEANING
from tests.mutants.orders import ORDERS
from tests.mutants.quarantine import QUARANTINE
from tests.mutants.recounts import RECOUNTS
from tests.mutants.reports import REPORTS
from tests.mutants.restored import RESTORED
from tests.mutants.segments import SEGMENTS
from tests.mutants.services import SERVICES
from tests.mutants.sharing import SHARING
from tests.mutants.visitors import VISITORS
from tests.mutants.way_in import WAY_IN
from tests.mutants.web_client import WEB_CLIENT

MUTANTS = (
    *COUNTING,
    *ORDERS,
    *VISITORS,
    *BOUNDS,
    *QUARANTINE,
    *RECOUNTS,
    *RESTORED,
    *SERVICES,
    *CALLERS,
    *SHARING,
    *REPORTS,
    *WAY_IN,
    *MEANING,
    *JOINED,
    *SEGMENTS,
    *WEB_CLIENT,
    *ATTACKS,
)
