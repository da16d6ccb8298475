/** Calls about the draft, its versions and documents. Each resolves with an answer that can be shown; none throws. */
import { csrfToken } from "../../shared/dom";
import { present } from "../../shared/present";
import { bodyOf, isObject, writeJson } from "../../shared/json";
import type { Document } from "../../graph/model/document";
import type { Problem } from "../../graph/model/problems";
import type { Names } from "../model/names";
import type { Answer } from "./saving";

/** A saved test that fails, and why. */
export interface FailedTest {
  readonly name: string;
  readonly reason: string;
}

/** `tests`: those that fail; with `despiteTests` the draft is published all the same. */
export type Published =
  | { readonly is: "published"; readonly version: number }
  | { readonly is: "refused"; readonly message: string; readonly problems: readonly Problem[]; readonly tests: readonly FailedTest[] };

interface Body {
  readonly detail?: string;
  readonly revision: number;
  readonly version: number;
  readonly problems?: readonly Problem[];
  readonly tests?: readonly FailedTest[];
  readonly current: Document;
  readonly document?: Document;
  readonly versions?: readonly VersionLine[];
  readonly connections?: Names["connections"];
  readonly secrets?: readonly { readonly name: string }[];
}

export async function saveDraft(url: string, document: Document, revision: number): Promise<Answer> {
  const response = await call("PUT", `${url}/draft`, revision, writeJson(document));
  if (!response || response.status >= 500) return { is: "offline" };
  if (response.status === 401 || (response.status === 403 && await isSignedOut(url))) return { is: "signed-out" };
  const body = await read(response);
  if (response.ok) return { is: "saved", revision: body.revision, problems: body.problems ?? [] };
  if (response.status === 412) return { is: "conflict", revision: body.revision, theirs: body.current };
  return { is: "refused", message: body.detail ?? `The server answered ${response.status}.` };
}

/** `note` says what is new in the version. */
export async function publishDraft(url: string, revision: number, note: string, despiteTests: boolean): Promise<Published> {
  const response = await call("POST", `${url}/publish`, revision, writeJson({ note, ...(despiteTests && { despite_failed_tests: true }) }));
  if (!response) return { is: "refused", message: AWAY, problems: [], tests: [] };
  const body = await read(response);
  if (response.status === 201) return { is: "published", version: body.version };
  return { is: "refused", message: body.detail ?? `The server answered ${response.status}.`, problems: body.problems ?? [], tests: body.tests ?? [] };
}

export type Read = { readonly is: "document"; readonly document: Document; readonly problems: readonly Problem[] } | { readonly is: "refused"; readonly message: string };

/** What a file holds; its name says how it is written. */
export async function readDocument({ name, text }: { readonly name: string; readonly text: string }): Promise<Read> {
  const response = await call("POST", `/api/v1/documents/read?name=${encodeURIComponent(name)}`, 0, text);
  if (!response) return { is: "refused", message: AWAY };
  const body = await read(response);
  if (response.ok && body.document) return { is: "document", document: body.document, problems: body.problems ?? [] };
  return { is: "refused", message: body.detail ?? `The server answered ${response.status}.` };
}

/** The document as a file's text, or why it cannot be written so. */
export async function writeDocument(document: Document, as: "yaml" | "python"): Promise<{ readonly text: string } | { readonly message: string }> {
  const response = await call("POST", `/api/v1/documents/write?format=${as}`, 0, writeJson(document));
  if (!response) return { message: AWAY };
  if (response.ok) return { text: await response.text() };
  return { message: (await read(response)).detail ?? `The server answered ${response.status}.` };
}

export interface VersionLine {
  readonly version: number;
  readonly published_at: string;
  readonly published_by: string | null;
  readonly note: string;
}

/** Newest first; null when the server does not answer. */
export async function readVersions(url: string): Promise<readonly VersionLine[] | null> {
  const response = await call("GET", `${url}/versions`, 0);
  return response?.ok ? (await read(response)).versions ?? [] : null;
}

export async function readVersion(url: string, number: number): Promise<Document | null> {
  const response = await call("GET", `${url}/versions/${number}`, 0);
  return response?.ok ? (await read(response)).document ?? null : null;
}

/** The connections and secrets that there are; null when the server does not answer. */
export async function readNames(): Promise<Names | null> {
  const answers = await Promise.all(["connections", "secrets"].map((what) => call("GET", `/api/v1/${what}`, 0)));
  if (!answers.every((response) => response?.ok)) return null;
  const [{ connections = [] } = {}, { secrets = [] } = {}] = await Promise.all(answers.map((response) => read(present(response))));
  return { connections, secrets: secrets.map(({ name }) => name) };
}

/** Why the draft could not be discarded; the empty text when it was. */
export async function discardDraft(url: string, revision: number): Promise<string> {
  const response = await call("DELETE", `${url}/draft`, revision);
  if (!response) return AWAY;
  return response.ok ? "" : (await read(response)).detail ?? `The server answered ${response.status}.`;
}

const AWAY = "The server cannot be reached. Try again when the connection is back.";

/** Without any cookie the server refuses a change as forged (403) before it checks the sign-in. */
async function isSignedOut(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).status === 401;
  } catch {
    return false;
  }
}

async function call(method: string, url: string, revision: number, body?: string): Promise<Response | null> {
  const headers = { "Content-Type": "application/json", "If-Match": `"${revision}"`, "X-CSRFToken": csrfToken() };
  try {
    return await fetch(url, { method, headers, ...(body !== undefined && { body }) });
  } catch {
    return null;
  }
}

async function read(response: Response): Promise<Body> {
  const body = await bodyOf(response).catch(() => undefined);
  return (isObject(body) ? body : {}) as unknown as Body;
}
