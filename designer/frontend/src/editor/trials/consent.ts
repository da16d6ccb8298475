/** The workers whose trials this person has consented to, kept by the browser. Without storage the dialog asks each time. */
import { readJson, writeJson } from "../../shared/json";

const KEY = "sagaboard.tried-workers";
const KEPT_MAX = 500;

export function consentedWorkers(): ReadonlySet<string> {
  try {
    const kept = readJson(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(kept) ? kept.filter((name): name is string => typeof name === "string") : []);
  } catch {
    return new Set();
  }
}

export function giveConsent(workers: Iterable<string>): void {
  try {
    localStorage.setItem(KEY, writeJson([...new Set([...consentedWorkers(), ...workers])].slice(-KEPT_MAX)));
  } catch {
    return;
  }
}
