/** Names of connections and secrets in fields. */
import { describe, expect, it } from "vitest";
import { makingPage, nameOptions } from "../../../src/editor/model/names";

describe("a field that names a connection or a secret", () => {
  const names = { connections: [{ name: "shop", kind: "http" }, { name: "mail", kind: "smtp" }], secrets: ["key"] };

  it("offers those of its kind, and keeps one that is missing", () => {
    expect(nameOptions(names, "http", "shop")).toEqual([["", "Choose a connection"], ["shop", "shop"]]);
    expect(nameOptions(names, "secret", "")).toEqual([["", "Choose a secret"], ["key", "key"]]);
    expect(nameOptions(names, "sql", "old")).toEqual([["", "There is none yet"], ["old", "old (missing)"]]);
  });

  it("knows the page that makes one", () => {
    expect([makingPage("smtp"), makingPage("secret")]).toEqual(["/new-connection/?kind=smtp", "/new-secret/"]);
  });
});
