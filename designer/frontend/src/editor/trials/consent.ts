/** The workers that this person has agreed to try, kept by the browser. Without storage the page asks again. */
const KEY = "sagaboard.tried-workers";
const KEPT_MAX = 500;

export function agreedWorkers(): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(kept) ? kept.filter((name): name is string => typeof name === "string") : []);
  } catch {
    return new Set();
  }
}

export function agreeTo(workers: Iterable<string>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify([...new Set([...agreedWorkers(), ...workers])].slice(-KEPT_MAX)));
  } catch {
    return;
  }
}
