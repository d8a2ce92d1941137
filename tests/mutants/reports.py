"""Seeded bugs in the reports: how numbers are judged, listed and compared."""

from tests.mutants.mutant import Mutant

_STATISTICS = ("tests/query/funnels/test_statistics.py",)
_LISTS = ("tests/query/lists/test_routes.py",)
_REQUESTS = ("tests/exports/test_requests.py",)
_EXPERIMENTS = ("tests/query/funnels/test_experiments.py",)

REPORTS = (
    Mutant(
        "a running test is judged as if it were looked at once",
        "daybook/query/funnels/experiments/winner.py",
        'return status == "running" if self.sequential is None else self.sequential',
        "return bool(self.sequential)",
        _EXPERIMENTS,
    ),
    Mutant(
        "the bound for many looks is that for one",
        "daybook/query/statistics/t_test.py",
        "p = min(1.0, sqrt(grown) * exp(-(estimate**2) / (2 * spread * grown)))",
        "p = min(1.0, exp(-(estimate**2) / (2 * spread * grown)))",
        _STATISTICS,
    ),
    Mutant(
        "several variants, each compared as if it were the only one",
        "daybook/query/funnels/experiments/differences.py",
        "corrected = holm([difference.p if difference else 1.0 for difference in found])",
        "corrected = [difference.p if difference else 1.0 for difference in found]",
        _EXPERIMENTS,
    ),
    Mutant(
        "visitors of a variant with a split of 0 are overlooked",
        "daybook/query/statistics/chi_square.py",
        "if all_visitors > sum(n for n, _ in expecting):",
        "if not all_visitors:",
        _EXPERIMENTS,
    ),
    Mutant(
        "exports with personal data are listed for everyone",
        "daybook/query/exports/job_state.py",
        "return {} if caller.is_admin else _WITHOUT_PII",
        "return {}",
        (*_LISTS, "-k", "personal"),
    ),
    Mutant(
        "an analyst may export personal data",
        "daybook/query/exports/routes.py",
        "if export_request.include_pii and not caller.is_admin:",
        "if export_request.include_pii and not caller.id:",
        (*_REQUESTS, "-k", "personal"),
    ),
    Mutant(
        "a notice goes to any domain that ends like an allowed one",
        "daybook/query/exports/recipient.py",
        'return address.rpartition("@")[2].lower() in domains',
        "return address.lower().endswith(tuple(domains))",
        ("tests/exports/notices/test_notices.py",),
    ),
    Mutant(
        "an idempotency key is shared by all callers",
        "daybook/query/exports/idempotency.py",
        'secret.sign("idempotency", organization, caller.id, key)',
        'secret.sign("idempotency", organization, key)',
        (*_REQUESTS, "-k", "callers_own"),
    ),
    Mutant(
        "a name in a list's filter is a regular expression",
        "daybook/query/lists/load.py",
        "re.escape(self.name)",
        "self.name",
        (*_LISTS, "-k", "no_pattern"),
    ),
)
