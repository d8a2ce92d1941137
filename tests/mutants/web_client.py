"""Seeded bugs of the client for web pages."""

from tests.mutants.mutant import Mutant

CLIENT = "daybook/collector/daybook.js"
KEPT = "tests/collector/web_client/test_kept.py"

WEB_CLIENT = (
    Mutant(
        "the web client sends batches of every size with keepalive",
        CLIENT,
        "const keepalive = !failures && size(batch) <= KEEPALIVE_BYTES;",
        "const keepalive = true;",
        (KEPT, "-k", "too_large_for_keepalive"),
    ),
    Mutant(
        "the web client deletes a batch after a 400",
        CLIENT,
        "if (batch[1] && (status == 400 || status == 413)) return",
        "if (0) return",
        (KEPT, "-k", "after_a_400"),
    ),
    Mutant(
        "the web client does not count a page that comes back from the cache",
        CLIENT,
        """addEventListener("pageshow", e => { if (e.persisted) shown = 0, view(); });""",
        "",
        ("tests/collector/web_client/test_shown.py", "-k", "back_forward"),
    ),
    Mutant(
        "the web client takes over the queues of tabs that are open",
        CLIENT,
        "if (left > 0 && left <= MARKED_MS) return;",
        "",
        ("tests/collector/web_client/test_storage.py", "-k", "two_tabs"),
    ),
)
