/** The menu for files and versions: import, export, versions and keys. */
import { useRef, type ReactElement } from "react";
import { arranged } from "../../graph/layout/arrange";
import { writeJson } from "../../shared/json";
import { writeDocument } from "../draft/api";
import type { DialogName, ImportedFile } from "../draft/openDialog";
import type { EditData } from "../draft/data";
import { placesIn } from "../../graph/model/nodes";
import type { Workbench } from "../draft/useWorkbench";

export const FILES = ".json,.yaml,.yml";

interface Props {
  readonly data: EditData;
  readonly bench: Workbench;
  readonly ask: (dialog: DialogName) => void;
  readonly importFile: (imported: ImportedFile) => void;
}

export function FileMenu({ data, bench, ask, importFile }: Props): ReactElement {
  const menu = useRef<HTMLDetailsElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const { whole: { document }, way, catalog } = bench;
  const places = way.length ? placesIn(document) : bench.places;
  const close = (): void => {
    if (!menu.current?.open) return;
    menu.current.open = false;
    menu.current.querySelector("summary")?.focus();
  };
  const then = (act: () => void) => (): void => { close(); act(); };
  const written = (as: "yaml" | "python", suffix: string) => then(() => void writeDocument(document, as).then((answer) => {
    if ("text" in answer) download(`${data.name}.${suffix}`, answer.text);
    else bench.notify(answer.message);
  }));
  const picture = then(() => void Promise.all([import("../../graph/layout/picture"), places ?? arranged(document, bench.direction)]).then(
    ([{ pictureOf }, where]) => download(`${data.name}.svg`, pictureOf(document, catalog, where)),
    () => bench.notify("The picture could not be drawn, as the server cannot be reached. Try again when the connection is back."),
  ));
  return (
    <details ref={menu} className="menu" onKeyDown={(event) => { if (event.key === "Escape") close(); }} onBlur={(event) => { if (menu.current && event.relatedTarget && !menu.current.contains(event.relatedTarget)) menu.current.open = false; }}>
      <summary className="btn btn-sm">File</summary>
      <div className="menu-list" role="group" aria-label="File">
        <button type="button" onClick={then(() => file.current?.click())}>Bring in a file…</button>
        <button type="button" onClick={then(() => ask("versions"))}>Versions…</button>
        <button type="button" onClick={then(() => download(`${data.name}.json`, `${writeJson(document, 2)}\n`))}>Export as JSON</button>
        <button type="button" onClick={written("yaml", "yaml")}>Export as YAML</button>
        <button type="button" onClick={written("python", "py")}>Export as Python</button>
        <button type="button" onClick={picture}>Export picture (SVG)</button>
        <button type="button" onClick={then(() => ask("keys"))}>Keys <kbd>?</kbd></button>
      </div>
      <input ref={file} type="file" accept={FILES} hidden aria-label="A workflow's file" onChange={(event) => {
        const chosen = event.target.files?.[0];
        event.target.value = "";
        if (chosen) void readFile(chosen).then(importFile);
      }} />
    </details>
  );
}

export async function readFile(file: File): Promise<ImportedFile> {
  return { name: file.name, text: await file.text() };
}

function download(name: string, text: string): void {
  const link = globalThis.document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
