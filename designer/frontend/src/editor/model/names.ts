/** The names of connections and secrets that a field may hold. Pure. */
export interface Names {
  readonly connections: readonly { readonly name: string; readonly kind: string }[];
  readonly secrets: readonly string[];
}
/** What a field names: a connection of a kind, or a secret. */
export type Named = "http" | "smtp" | "sql" | "secret";

const NOUNS: Readonly<Record<Named, string>> = { http: "a connection", smtp: "a mail server", sql: "a database", secret: "a secret" };

export function namesOf(names: Names, named: Named): readonly string[] {
  return named === "secret" ? names.secrets : names.connections.filter(({ kind }) => kind === named).map(({ name }) => name);
}

/** The options of a field; a name that is not there stays, and says so. */
export function nameOptions(names: Names, named: Named, value: string): readonly (readonly [value: string, text: string])[] {
  const known = namesOf(names, named);
  const missing = value !== "" && !known.includes(value) ? [[value, `${value} (missing)`] as const] : [];
  return [["", known.length ? `Choose ${NOUNS[named]}` : "There is none yet"], ...known.map((name) => [name, name] as const), ...missing];
}

/** The page that makes one. */
export function makingPage(named: Named): string {
  return named === "secret" ? "/new-secret/" : `/new-connection/?kind=${named}`;
}

export function makingWords(named: Named): string {
  return `Make ${NOUNS[named]}`;
}
