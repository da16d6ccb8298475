/** Calls to the server. Each gives an answer that can be shown; none throws. */
import type { Document } from "./model/document";
import type { Problem } from "./model/problems";
import type { Answer } from "./model/saving";

export type Published = { readonly is: "published"; readonly version: number } | { readonly is: "refused"; readonly message: string; readonly problems: readonly Problem[] };

interface Told {
  readonly detail?: string;
  readonly revision: number;
  readonly version: number;
  readonly problems?: readonly Problem[];
  readonly current: Document;
}

export async function saveDraft(url: string, document: Document, revision: number): Promise<Answer> {
  const response = await call("PUT", `${url}/draft`, revision, JSON.stringify(document));
  if (!response || response.status >= 500) return { is: "offline" };
  if (response.status === 401) return { is: "signed-out" };
  const told = await read(response);
  if (response.ok) return { is: "saved", revision: told.revision, problems: told.problems ?? [] };
  if (response.status === 412) return { is: "conflict", revision: told.revision, theirs: told.current };
  return { is: "refused", message: told.detail ?? `The server answered ${response.status}.` };
}

export async function publishDraft(url: string, revision: number): Promise<Published> {
  const response = await call("POST", `${url}/publish`, revision);
  if (!response) return { is: "refused", message: "The server cannot be reached. Try again when the connection is back.", problems: [] };
  const told = await read(response);
  if (response.status === 201) return { is: "published", version: told.version };
  return { is: "refused", message: told.detail ?? `The server answered ${response.status}.`, problems: told.problems ?? [] };
}

async function call(method: string, url: string, revision: number, body?: string): Promise<Response | null> {
  const headers = { "Content-Type": "application/json", "If-Match": `"${revision}"`, "X-CSRFToken": token() };
  try {
    return await fetch(url, { method, headers, ...(body !== undefined && { body }) });
  } catch {
    return null;
  }
}

async function read(response: Response): Promise<Told> {
  try {
    return (await response.json()) as Told;
  } catch {
    return {} as Told;
  }
}

/** The cookie knows of a sign-in in another tab; the page's own field is there without cookies to read. */
function token(): string {
  const cookie = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  return cookie ?? document.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
}
