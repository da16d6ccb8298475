/** Calls to the API. Each resolves with a result that can be shown; none throws. */
import { csrfToken } from "../../shared/dom";
import { bodyOf, isObject, readJson, writeJson } from "../../shared/json";
import type { Problem } from "./problems";

export type CallResult<Value> =
  | { readonly is: "ok"; readonly value: Value }
  | { readonly is: "refused"; readonly message: string; readonly problems: readonly Problem[] };

interface Refusal {
  readonly detail?: string;
  readonly problems?: readonly Problem[];
}

export async function get<Value>(url: string): Promise<CallResult<Value>> {
  return call<Value>(url, { headers: { Accept: "application/json" } });
}

export async function post<Value>(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<CallResult<Value>> {
  return call<Value>(url, {
    method: "POST", body: writeJson(body),
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken(), ...headers },
  });
}

export async function put<Value>(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<CallResult<Value>> {
  return call<Value>(url, {
    method: "PUT", body: writeJson(body),
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken(), ...headers },
  });
}

async function call<Value>(url: string, options: RequestInit): Promise<CallResult<Value>> {
  try {
    const response = await fetch(url, options);
    if (response.ok) return { is: "ok", value: readJson(await response.text()) as unknown as Value };
    const body = await bodyOf(response);
    return refused(response.status, isObject(body) ? body : {});
  } catch {
    return { is: "refused", message: "The server cannot be reached. Try again when the connection is back.", problems: [] };
  }
}

function refused(status: number, result: Refusal): CallResult<never> {
  const message = status === 401 ? "You are signed out. Sign in again and repeat it." : result.detail ?? `The server answered ${status}.`;
  return { is: "refused", message, problems: result.problems ?? [] };
}
