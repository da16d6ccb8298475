/** Saved tests of a workflow: their calls, and what the panel shows of results. None of the calls throws. */
import { get, post, put, type CallResult } from "../../graph/model/calls";
import { isObject, textOf, type JsonObject } from "../../graph/model/document";

export type SavedTest = JsonObject;

/** `digest`: what changes whenever the list does. */
export interface TestList {
  readonly tests: readonly SavedTest[];
  readonly digest: string;
}

export interface TestResult {
  readonly name: string;
  readonly passed: boolean;
  readonly reasons: readonly string[];
  readonly notes: readonly string[];
  readonly story?: readonly string[];
}

export interface TestRun {
  readonly passed: unknown;
  readonly failed: unknown;
  readonly results: readonly TestResult[];
}

export const nameOf = (test: SavedTest): string => textOf(test.name);

export async function readTests(api: string): Promise<CallResult<TestList>> {
  return get<TestList>(`${api}/tests`);
}

/** Stores a changed list, if nobody else has changed it since it was read. */
export async function writeTests(api: string, { digest }: TestList, tests: readonly SavedTest[]): Promise<CallResult<TestList>> {
  return put<TestList>(`${api}/tests`, { tests }, { "If-Match": `"${digest}"` });
}

export async function runTests(api: string): Promise<CallResult<TestRun>> {
  return post<TestRun>(`${api}/tests/run`, {});
}

export async function recordTest(api: string, run: string, name: string): Promise<CallResult<unknown>> {
  return post(`${api}/tests/record`, { run, name });
}

export function without(tests: readonly SavedTest[], name: string): SavedTest[] {
  return tests.filter((test) => nameOf(test) !== name);
}

export function renamed(tests: readonly SavedTest[], name: string, next: string): SavedTest[] {
  return tests.map((test) => (nameOf(test) === name ? { ...test, name: next } : test));
}

/** Why a name cannot be given; empty where it can. */
export function refusalOf(tests: readonly SavedTest[], name: string, next: string): string {
  const wanted = next.trim();
  if (!wanted) return "Give it a name.";
  return wanted !== name && tests.some((test) => nameOf(test) === wanted) ? "Another test has this name." : "";
}

/** What a test expects, in a line. */
export function summaryOf(test: SavedTest): string {
  const expected = isObject(test.expect) ? test.expect : {};
  const [status, error] = [textOf(expected.status), textOf(expected.error)];
  const checks = Array.isArray(expected.checks) ? expected.checks.length : 0;
  const parts = [status && `ends ${status}`, error && `with the error ${error}`, checks > 0 && `${checks} check${checks === 1 ? "" : "s"}`];
  return parts.filter(Boolean).join(", ") || "expects nothing";
}
