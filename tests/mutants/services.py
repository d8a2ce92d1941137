"""Seeded bugs of what answers: query service, exports, collector."""

from tests.mutants.mutant import Mutant

SCOPE = ("tests/query/read/test_scope.py",)
EXPORTS = "tests/exports/test_routes.py"

SERVICES = (
    Mutant(
        "a text that looks like a formula is exported unchanged",
        "daybook/exports/formats/cell.py",
        """return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value""",
        "return value",
        ("tests/exports/formats/test_cell.py",),
    ),
    Mutant(
        "an attempt ends its job although a newer one has begun",
        "daybook/exports/job_store.py",
        """        attempt = {"_id": claim.job.id, "attempt": claim.attempt}
""",
        """        attempt = {"_id": claim.job.id}
""",
        ("tests/exports/test_worker.py", "-k", "overtaken"),
    ),
    Mutant(
        "a link's signature is not checked",
        "daybook/query/exports/signed_link.py",
        "if not hmac.compare_digest(expected.encode(), signature.encode()):",
        "if not expected:",
        (EXPORTS, "-k", "tampered"),
    ),
    Mutant(
        "a tenant's filter left out",
        "daybook/query/read/scope.py",
        "return {_TENANT: self.organization, **where}",
        "return where",
        SCOPE,
    ),
    Mutant(
        "the caller may name another organization",
        "daybook/query/read/scope.py",
        "if requested is not None and requested != caller.organization_id:",
        "if requested is None and requested != caller.organization_id:",
        SCOPE,
    ),
    Mutant(
        "the id range of an organization includes the next one",
        "daybook/query/read/mongo.py",
        'return {"$gte": f"{name}:", "$lt": f"{name};"}',
        'return {"$gte": name, "$lt": f"{name}~"}',
        SCOPE,
    ),
    Mutant(
        "cached responses shared by all scopes",
        "daybook/query/read/scope.py",
        "return repr((self.organization_id, caller.is_admin, subject and (caller.role, subject)))",
        'return "everybody"',
        SCOPE,
    ),
    Mutant(
        "platform reports open to everyone",
        "daybook/query/read/scope.py",
        "    if not caller.is_admin:\n        raise forbidden(",
        "    if False:\n        raise forbidden(",
        SCOPE,
    ),
    Mutant(
        "verification keys of any algorithm accepted",
        "daybook/query/access/jwks.py",
        "key.algorithm_name == self._algorithm",
        "key.algorithm_name",
        ("tests/query/access/test_jwks.py",),
    ),
    Mutant(
        "a rate without a denominator is 0 instead of null",
        "daybook/query/figures/totals.py",
        "return part / whole if part is not None and whole else None",
        "return part / whole if part is not None and whole else 0.0",
        ("tests/query/figures/test_totals.py",),
    ),
)
