"""`read_rows`, `write_rows` and `remove_rows_file`: formats, chunks, and files that come and go."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from workers.execution.encode import encode
from workers.library.rows import excel, writing
from workers.library.rows.workers import read_rows, remove_rows_file, write_rows
from workers.testing import OUTPUT_BYTES_MAX, Notes, call, fake_step, outcome_of

pytestmark = pytest.mark.django_db(transaction=True)

ROWS: list[dict[str, Any]] = [
    {"sku": "TEA-001", "name": 'Grüner "Tee", lose', "n": 2},
    {"sku": "MUG", "name": "two\nlines", "n": None},
]


def read(**params: Any) -> dict[str, Any]:
    output: dict[str, Any] = encode(call(read_rows, params=params), OUTPUT_BYTES_MAX)
    return output


def write(key: str = "run-1:write", **params: Any) -> dict[str, Any]:
    return call(write_rows, params=params, step=fake_step(idempotency_key=key))  # type: ignore[no-any-return]


def undo(key: str = "run-1:write") -> dict[str, Any]:
    return call(remove_rows_file, {}, step=fake_step(idempotency_key=key))  # type: ignore[no-any-return]


def refusal(worker: Any, **params: Any) -> tuple[str, str]:
    outcome = outcome_of(worker, params=params)
    assert outcome.failure and outcome.kind == "failed" and not outcome.retryable
    return outcome.failure.code, outcome.failure.message


# --- formats ---


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.json", "a.jsonl", "deep/er/a.xlsx"])
def test_what_is_written_is_read_again(name: str) -> None:
    written = write(file=name, rows=ROWS)
    assert (written["row_count"], written["columns"], written["replaced"]) == (2, ["sku", "name", "n"], False)
    output = read(file=name)
    is_text = name.endswith("sv")
    assert output["rows"] == [
        ROWS[0] | {"n": "2" if is_text else 2},
        ROWS[1] | {"n": "" if is_text else None},
    ]
    assert (output["row_count"], output["columns"]) == (2, ["sku", "name", "n"])
    assert read(file=name, convert=True)["rows"] == ROWS


def test_other_encodings_and_delimiters(files: Path) -> None:
    (files / "old.csv").write_bytes("Straße;n\r\nGrünweg;1\r\n\r\n".encode("latin-1"))
    layout = {"encoding": "latin-1", "delimiter": "semicolon"}
    assert read(file="old.csv", **layout)["rows"] == [{"Straße": "Grünweg", "n": "1"}]
    write(file="new.txt", rows=[{"Straße": "Grünweg"}], format="csv", **layout)
    assert (files / "new.txt").read_bytes() == "Straße\nGrünweg\n".encode("latin-1")
    (files / "marked.csv").write_bytes(b"\xef\xbb\xbfa,b\n1,2\n")
    assert read(file="marked.csv")["columns"] == ["a", "b"]
    code, message = refusal(read_rows, file="old.csv")
    assert code == "bad_file" and "byte 0 is not utf-8" in message
    assert refusal(write_rows, file="x.csv", rows=[{"a": "日"}], encoding="latin-1")[0] == "bad_encoding"
    assert not list(files.glob(".*")) and not (files / "x.csv").exists()


def test_files_without_a_header_and_with_nameless_columns(files: Path) -> None:
    (files / "a.csv").write_text("1,2\n3\n")
    rows = read(file="a.csv", header=False)["rows"]
    assert rows == [{"column_1": "1", "column_2": "2"}, {"column_1": "3", "column_2": None}]
    (files / "b.csv").write_text("a,\n1,2\n")
    assert read(file="b.csv")["rows"] == [{"a": "1", "column_2": "2"}]
    (files / "none.csv").write_text("")
    assert read(file="none.csv") == {"rows": [], "row_count": 0, "columns": []}


def test_only_the_chosen_columns_are_written_in_their_order(files: Path) -> None:
    write(file="a.csv", rows=[{"a": 1, "b": True, "c": [1, {"d": None}]}], columns="c, b", header=False)
    assert (files / "a.csv").read_text() == '"[1, {""d"": null}]",true\n'


def test_numbers_that_would_lose_digits_stay_texts(files: Path) -> None:
    (files / "a.csv").write_text("007,1.50,-3,12345678901234567890,1e5,true,,x\n")
    row = read(file="a.csv", header=False, convert=True)["rows"][0]
    assert list(row.values()) == ["007", 1.5, -3, "12345678901234567890", "1e5", True, None, "x"]


def test_dates_formulas_and_sheets_of_excel(files: Path) -> None:
    book = Workbook()
    book.create_sheet("Orders").append(["when", "total"])
    book["Orders"].append([datetime(2026, 5, 1, 12), 1.5])
    book["Orders"].append([])
    book["Orders"].append(["later", True])
    book.save(files / "a.xlsx")
    rows = read(file="a.xlsx", sheet="Orders")["rows"]
    assert rows == [{"when": "2026-05-01T12:00:00", "total": 1.5}, {"when": "later", "total": True}]
    code, message = refusal(read_rows, file="a.xlsx", sheet="Oders")
    assert code == "no_sheet" and "Orders" in message
    write(file="b.xlsx", rows=[{"a": "=1+1"}], sheet="Mine")
    cell = load_workbook(files / "b.xlsx")["Mine"]["A2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert refusal(write_rows, file="c.xlsx", rows=[{"a": "\x01"}])[0] == "bad_row"
    assert refusal(write_rows, file="c.xlsx", rows=[], sheet="a/b")[0] == "no_sheet"


def test_a_file_that_is_small_only_while_packed_is_refused(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "OTHERS_BYTES_MAX", 1_000_000)
    write(file="a.xlsx", rows=ROWS)
    with ZipFile(files / "a.xlsx", "a", ZIP_DEFLATED) as packed:
        packed.writestr("xl/more.xml", b" " * 2_000_000)
    code, message = refusal(read_rows, file="a.xlsx")
    assert code == "bad_file" and "unpacks to more than 1,000,000 bytes" in message


@pytest.mark.parametrize(
    ("name", "content", "code", "says"),
    [
        ("a.csv", "a,b\n1,2\n1,2,3\n", "bad_row", "row 2: it has 3 cells, and there are 2 columns"),
        ("a.csv", "a,a\n", "bad_file", "the column 'a' stands twice"),
        ("a.csv", 'a\n1\n"open\n', "bad_row", "row 2: unexpected end of data"),
        ("a.jsonl", '{"a": 1}\n\n[1]\n', "bad_row", "row 2: a row is an object"),
        ("a.jsonl", '{"a": 1}\n{"a": 1, "a": 2}\n', "bad_row", "row 2: "),
        ("a.json", '[{"a": 1}, 2]', "bad_row", "row 2: a row is an object"),
        ("a.json", "[", "bad_file", "not valid JSON"),
        ("a.xlsx", "PK nothing", "bad_file", "this is no file of Excel"),
        ("a.dat", "a", "unknown_format", "state the format"),
    ],
)
def test_what_cannot_be_read_says_where(files: Path, name: str, content: str, code: str, says: str) -> None:
    (files / name).write_text(content)
    told = refusal(read_rows, file=name)
    assert told[0] == code and says in told[1]


# --- names of files ---


@pytest.mark.parametrize(
    "name",
    [
        "../key",
        "a/../../key",
        "/etc/passwd",
        "",
        ".",
        "..",
        "a/./b.csv",
        ".hidden",
        "a/.b",
        "a\\b.csv",
        "a\0b",
        "a\nb",
    ],
)
def test_no_name_leads_out_of_the_folder(name: str, files: Path) -> None:
    (files.parent / "key").write_text("secret")
    for outcome in (
        outcome_of(read_rows, params={"file": name, "format": "csv"}),
        outcome_of(write_rows, params={"file": name, "format": "csv", "rows": []}),
    ):
        assert outcome.failure and outcome.failure.code in ("bad_path", "bad_params")
    assert (files.parent / "key").read_text() == "secret"


def test_symbolic_links_are_not_followed(files: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.csv").write_text("a\n1\n")
    (files / "folder").symlink_to(tmp_path / "outside")
    (files / "link.csv").symlink_to(tmp_path / "outside" / "a.csv")
    for name in ("folder/a.csv", "link.csv"):
        code, message = refusal(read_rows, file=name)
        assert code == "bad_path" and "symbolic link" in message
        assert refusal(write_rows, file=name, rows=[], replace=True)[0] == "bad_path"
    assert refusal(read_rows, file="nothing.csv")[0] == "no_file"


# --- chunks ---


def table(count: int) -> str:
    return "id,note\n" + "".join(f'{number},"line\n{number}"\n' for number in range(count))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json", "a.xlsx"])
def test_chunks_give_each_row_once(name: str, files: Path) -> None:
    rows = [{"id": number, "note": f"ü\n{number}"} for number in range(25)]
    write(file=name, rows=rows)
    output = read(file=name, chunk=10, convert=True)
    assert (output["row_count"], output["columns"]) == (25, ["id", "note"])
    assert [(chunk["start"], chunk["row_count"]) for chunk in output["chunks"]] == [
        (0, 10),
        (10, 10),
        (20, 5),
    ]
    assert [row for chunk in output["chunks"] for row in read(chunk=chunk)["rows"]] == rows
    assert read(chunk=output["chunks"][2])["rows"][0] == rows[20]


def test_a_chunk_keeps_how_its_file_is_read(files: Path) -> None:
    (files / "a.csv").write_bytes("1;ä\n2;ö\n3;ü\n".encode("latin-1"))
    layout = {"encoding": "latin-1", "delimiter": "semicolon", "header": False, "convert": True}
    chunks = read(file="a.csv", chunk=2, **layout)["chunks"]
    assert read(chunk=chunks[1])["rows"] == [{"column_1": 3, "column_2": "ü"}]


def test_an_error_in_a_chunk_names_the_row_in_the_file(files: Path) -> None:
    (files / "a.csv").write_text(table(30))
    chunks = read(file="a.csv", chunk=10)["chunks"]
    (files / "b.csv").write_text(table(15) + "1,2,3\n" + table(5)[8:])
    assert refusal(read_rows, file="b.csv", chunk=10)[1].startswith("row 16: ")
    content = (files / "a.csv").read_text()
    status = (files / "a.csv").stat()
    (files / "a.csv").write_text(content.replace('15,"line', "15,x,yzv", 1))
    os.utime(files / "a.csv", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert refusal(read_rows, chunk=chunks[1])[1].startswith("row 16: ")


def test_a_file_that_has_changed_is_not_read_by_old_chunks(files: Path) -> None:
    (files / "a.csv").write_text(table(5))
    [chunk] = read(file="a.csv", chunk=10)["chunks"]
    (files / "a.csv").write_text(table(6))
    code, message = refusal(read_rows, chunk=chunk)
    assert code == "changed" and "read it anew" in message


def test_what_is_too_large_for_an_output_says_what_to_do(files: Path, settings: Any) -> None:
    settings.OUTPUT_BYTES_MAX = 20_000
    (files / "a.csv").write_text(table(2_000))
    code, message = refusal(read_rows, file="a.csv")
    assert code == "too_large" and "20,000 bytes" in message and "`chunk`" in message
    [chunk] = read(file="a.csv", chunk=5_000)["chunks"]
    assert "fewer rows a chunk" in refusal(read_rows, chunk=chunk)[1]
    assert refusal(read_rows, file="a.csv", chunk=0)[0] == "bad_params"
    assert refusal(read_rows)[0] == "bad_params"


def test_cutting_tells_how_far_it_is(files: Path) -> None:
    (files / "a.csv").write_text("id\n" + "1\n" * 120_000)
    notes = Notes()
    call(read_rows, params={"file": "a.csv", "chunk": 50_000}, step=fake_step(notes=notes))
    assert [message for _, message in notes.progress] == ["50,000 rows", "100,000 rows"]


def test_a_line_without_an_end_is_not_held(files: Path) -> None:
    with (files / "a.csv").open("wb") as file:
        file.truncate(1_000_000_000)  # takes no room on the disk
    code, message = refusal(read_rows, file="a.csv", chunk=10)
    assert code == "bad_file" and "longer than" in message


# --- writing once, and undoing ---


def test_a_file_of_somebody_else_is_not_replaced_unless_that_is_said(files: Path) -> None:
    (files / "a.csv").write_text("theirs")
    code, message = refusal(write_rows, file="a.csv", rows=[{"a": 1}])
    assert code == "file_exists" and "replace" in message
    assert (files / "a.csv").read_text() == "theirs"
    assert undo("run-1:step")["became"] == "kept"
    assert write(file="a.csv", rows=[{"a": 1}], replace=True)["replaced"]
    assert (files / "a.csv").read_text() == "a\n1\n"
    assert undo()["became"] == "put_back"
    assert (files / "a.csv").read_text() == "theirs"
    assert not list(files.glob(".*"))


def test_the_same_content_of_somebody_else_is_theirs(files: Path) -> None:
    (files / "a.csv").write_text("a\n1\n")
    for _ in range(2):
        assert refusal(write_rows, file="a.csv", rows=[{"a": 1}])[0] == "file_exists"
    assert undo("run-1:step")["became"] == "kept"


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
@pytest.mark.parametrize("replace", [True, False])
def test_a_second_attempt_finds_its_own_file(name: str, replace: bool, files: Path) -> None:
    if replace:
        write("other:key", file=name, rows=[{"a": 0}])
    before = read(file=name)["rows"] if replace else None
    for _ in range(3):
        write(file=name, rows=ROWS, replace=replace)
    assert len(read(file=name)["rows"]) == 2
    assert undo()["became"] == ("put_back" if replace else "removed")
    assert (read(file=name)["rows"] if replace else None) == before


def test_the_undo_is_safe_to_run_twice_and_on_nothing(files: Path) -> None:
    assert undo("never") == {"file": None, "became": "absent"}
    write(file="a.csv", rows=ROWS)
    assert [undo()["became"] for _ in range(2)] == ["removed", "absent"]
    assert not list(files.iterdir())


def test_the_undo_leaves_what_others_have_written_since(files: Path) -> None:
    write(file="a.csv", rows=ROWS)
    write("later:key", file="a.csv", rows=[{"b": 2}], replace=True)
    assert undo()["became"] == "kept"
    assert read(file="a.csv")["columns"] == ["b"]
    assert undo("later:key")["became"] == "put_back"
    assert undo()["became"] == "removed"


def test_an_attempt_that_comes_after_its_undo_writes_nothing(files: Path) -> None:
    undo()
    outcome = outcome_of(write_rows, params={"file": "a.csv", "rows": ROWS}, idempotency_key="run-1:write")
    assert outcome.failure and outcome.failure.code == "undone"
    assert not list(files.iterdir())


def test_an_attempt_that_is_undone_while_it_writes_takes_its_file_away(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = writing.put_in_place

    def slowly(*args: Any, **named: Any) -> bool:
        assert undo()["became"] == "absent"
        return put(*args, **named)

    monkeypatch.setattr(writing, "put_in_place", slowly)
    outcome = outcome_of(write_rows, params={"file": "a.csv", "rows": ROWS}, idempotency_key="run-1:write")
    assert outcome.failure and outcome.failure.code == "undone"
    assert not list(files.iterdir())


def test_nothing_is_there_before_all_is_written(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(writing, "write_rows", broken)
    outcome = outcome_of(write_rows, params={"file": "a.csv", "rows": ROWS})
    assert outcome.kind == "failed" and outcome.retryable
    assert not list(files.iterdir())
