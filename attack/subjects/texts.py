"""Texts that are markup, formulas or database references, in every file and report."""

import csv
import io
import json
import stat
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape
from pypdf import PdfReader

from attack.attack import Attack, Sent, Target
from attack.calls import report
from attack.fleet import ATTACKER
from attack.orders import order, wait_for_file
from attack.publishing import FUNNELS, TRACKING, Publisher, event, message
from daybook.engine.mongo.client import database

_FUNNEL, _VISITOR, _LAST = "texts", "texts-visitor", "last"
PAGES = (
    "<r>bold</r>", "<r><t>x</t></r>", '=HYPERLINK("http://evil.example","x")', "=1+1", "+1+1",
    "-1+1", "@SUM(1)", "\u00a0=1+1", "\u200b=1+1", "\ufeff=1+1", "\t=1+1", "\r=1+1", "\0=1+1",
    " \u2003=1+1", "＝1+1", "a;=1+1", "a,=1+1", "a\t=1+1", "a\n=1+1", '"=1+1', "a|=1+1", "{=1+1}",
    "_x000D_", "_x0041_", "<!--", "]]>", "&amp;", "<script>alert(1)</script>", "\ud83d", "\x1b[31m",
    "\u202eabc", "<para>x</b>",
)  # fmt: skip
METADATA: tuple[dict[str, Any], ...] = (
    {"$ref": "x", "$id": "y"}, {"$ref": "x", "$id": "y", "$db": "z"}, {"$oid": "x"}, {"$date": 1},
    {"$numberLong": "x"}, {"a": {"$ref": {"$ref": 1}, "$id": {}}}, {"$code": "x"}, {"_id": 1},
    {"": ""}, {".": "."}, {"$": "$"}, {"<r>": "=1+1"}, {"=1+1": "<r>"}, {"a": "\ud83d"},
)  # fmt: skip

_FORMULA = tuple("=+-@＝＋－＠")
_SEPARATORS = ";\t|"
_INVISIBLE = "\u00a0\u200b\ufeff\u2003\u202e\0\t\r\n "
_COUNT_SECONDS_MAX, _EXPORT_SECONDS_MAX = 30.0, 40.0
_POLL_SECONDS = 0.25

Problems = Callable[[bytes], Iterable[str]]
"""What is wrong with a file, in words."""


def texts_in_files(target: Target) -> Sent:
    """Pages, metadata and names; then the journey, and every report as every kind of file."""
    publisher = Publisher(target)
    _publish(publisher)
    failures = [*_not_counted(target), *_journey(target)]
    jobs = {
        (name, form): order(target, "admin", name, _FUNNEL, form)
        for name in ("events", "overview")
        for form in ("csv", "xlsx", "pdf", "json")
    }
    for (name, form), job_id in jobs.items():
        what = f"{name} as {form}"
        file = wait_for_file(target, "admin", job_id, _EXPORT_SECONDS_MAX)
        if isinstance(file, str):
            failures.append(f"{what}: {file}")
        else:
            failures += [f"{what}: {problem}" for problem in _problems(form, file)]
    failures += _open_to_others(Path(target.variables["DAYBOOK_EXPORTS_FOLDER"]))
    files = f"{len(jobs)} files"
    return Sent(f"{publisher}: {len(PAGES)} pages, {len(METADATA)} metadata; {files}", failures)


def _publish(publisher: Publisher) -> None:
    # The schema refuses half a character, and with it the whole definition.
    names = [page for page in PAGES if page.encode(errors="ignore").decode() == page]
    steps = [{"step_id": f"s{n}", "name": name, "type": "page"} for n, name in enumerate(names)]
    funnel = {"funnel_id": _FUNNEL, "name": "<r>=1+1</r>", "steps": steps}
    publisher.publish(FUNNELS, [message(_FUNNEL, event("funnel.published", funnel, ATTACKER))])
    own = {"visitor_id": _VISITOR, "session_id": "s", "funnel_id": _FUNNEL}
    viewed = [
        event("page_view", own | {"page": page, "metadata": {"is": page}, "context": of}, ATTACKER)
        for page in PAGES
        for of in [_context(page)]
    ]
    named = [
        event("custom", own | {"name": "=1+1", "metadata": one, "properties": one}, ATTACKER)
        for one in METADATA
    ]
    last = event("page_view", own | {"session_id": _LAST, "page": "/"}, ATTACKER)
    publisher.publish(TRACKING, [message(_VISITOR, body) for body in [*viewed, *named, last]])


def _not_counted(target: Target) -> list[str]:
    """Waits for the definition and the last of the visitor's events; what is still missing."""
    wanted = {
        "funnels": f"{ATTACKER}:{_FUNNEL}",
        "funnel_sessions": f"{ATTACKER}:{_VISITOR}:{_LAST}:{_FUNNEL}",
    }
    deadline = time.monotonic() + _COUNT_SECONDS_MAX
    with database(target.settings).client as client:
        documents = client[target.settings.mongodb_database]
        while missing := [n for n, row in wanted.items() if not documents[n].find_one(row)]:
            if time.monotonic() > deadline:
                return [
                    f"{name} has nothing of it after {_COUNT_SECONDS_MAX:.0f} s" for name in missing
                ]
            time.sleep(_POLL_SECONDS)
    return []


def _context(text: str) -> dict[str, str]:
    return {"source": text, "utm_campaign": text, "country": text, "landing_page": text}


def _journey(target: Target) -> list[str]:
    """What is wrong with the visitor's journey."""
    reply = report(target.query_port, target.keys["analyst"], f"/visitors/{_VISITOR}/journey")
    if reply.status != 200:
        return [f"the visitor's journey is answered {reply.status}"]
    shown = json.dumps(reply.json, ensure_ascii=False)
    return [
        f"the visitor's journey does not have {ascii(text)}"
        for text in ("<r>bold</r>", "=1+1", "$ref")
        if json.dumps(text, ensure_ascii=False)[1:-1] not in shown
    ]


def _open_to_others(folder: Path) -> list[str]:
    """A sentence for the files, and for the folders, that others than their owner may enter."""
    paths = [folder, *folder.rglob("*")]
    wrong = [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]
    return [f"{len(wrong)} of {len(paths)} files and folders are open to others"] * bool(wrong)


def _problems(form: str, file: bytes) -> list[str]:
    readers: dict[str, Problems] = {
        "csv": csv_problems,
        "xlsx": xlsx_problems,
        "pdf": pdf_problems,
        "json": json_problems,
    }
    try:
        return list(readers[form](file))
    except Exception as error:  # whatever a reader of such files raises, it cannot be opened
        return [f"cannot be opened: {type(error).__name__}: {str(error)[:120]}"]


def csv_problems(file: bytes) -> Iterable[str]:
    """Cells that a spreadsheet would evaluate, with a comma or another separator; lost texts."""
    rows = list(csv.reader(io.StringIO(file.decode(), newline="")))
    cells = [cell for row in rows for cell in row]
    for cell in cells:
        if (part := formula_in(cell)) is not None:
            yield f"{ascii(part)[:60]} is a formula"
    yield from _lost(cells)


def formula_in(cell: str) -> str | None:
    """The part of a csv cell that a spreadsheet would take for a formula, None if there is none."""
    for separator in ("", *_SEPARATORS):
        for part in cell.split(separator) if separator else [cell]:
            bare = part.lstrip(_INVISIBLE)
            if bare.startswith(_FORMULA) and not _is_number(bare):
                return part
    return None


def xlsx_problems(file: bytes) -> Iterable[str]:
    """Formulas and links in a workbook, and lost texts."""
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        if any("hyperlink" in archive.read(name).decode("latin-1") for name in archive.namelist()):
            yield "it has a link"
    book = load_workbook(io.BytesIO(file))
    texts = []
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield f"{ascii(cell.value)[:60]} is a formula"
                elif isinstance(cell.value, str):
                    texts.append(unescape(cell.value))
    yield from _lost(texts)


def pdf_problems(file: bytes) -> Iterable[str]:
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages)
    yield from _lost([text.replace("\n", "")], ("<r>bold</r>", "<script>"))


def json_problems(file: bytes) -> Iterable[str]:
    yield from _lost([json.dumps(json.loads(file), ensure_ascii=False)])


def _lost(
    texts: list[str], wanted: tuple[str, ...] = ("<r>bold</r>", "=1+1", "]]>")
) -> Iterable[str]:
    for text in wanted:
        if not any(text in found for found in texts):
            yield f"{ascii(text)} is not in it"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


ATTACKS = (Attack("markup, formulas, references", texts_in_files, seconds_max=90),)
