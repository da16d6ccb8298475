/** Effects that a person consents to before a trial. */
import { describe, expect, it } from "vitest";
import { effectsOf, withoutConsent } from "../../../src/editor/model/effects";
import { catalogOf, type Worker } from "../../../src/graph/model/catalog";
import { consentedWorkers, giveConsent } from "../../../src/editor/trials/consent";

const worker = (name: string, compensation: string | null): Worker =>
  ({ name, title: name, category: "", doc: "", params_schema: null, compensation, timeout: null, retry: null });

const CATALOG = catalogOf([worker("charge", "refund"), worker("mail", "irreversible"), worker("read", "none"), worker("odd", null)]);

const DRAFT = {
  steps: [
    { name: "a", worker: "charge" }, { name: "b", worker: "charge" }, { name: "c", worker: "mail" }, { name: "d", worker: "read" },
    { name: "e", worker: "odd", fallback: { worker: "other" } }, { name: "f", kind: "workflow", workflow: "inner" }, { name: "g", kind: "wait", seconds: 1 },
  ],
};

describe("before a trial", () => {
  it("each worker that acts is named once, with what becomes of its effect", () => {
    expect(effectsOf(DRAFT, CATALOG).map(({ worker: name, text }) => `${name}: ${text}`)).toEqual([
      "charge: acts, and is undone by refund", "mail: acts, and cannot be undone",
      "odd: may act; nobody has said how it is undone", "other: may act in place of odd",
      "workflow inner: runs for real, with all its workers",
    ]);
    expect(effectsOf(DRAFT, CATALOG, "c").map(({ worker: name }) => name)).toEqual(["mail"]);
    expect(effectsOf(DRAFT, CATALOG, "d")).toEqual([]);
  });

  it("a person is asked once for each worker", () => {
    const effects = effectsOf(DRAFT, CATALOG);
    expect(withoutConsent(effects, consentedWorkers())).toHaveLength(5);
    giveConsent(["charge", "mail"]);
    expect(withoutConsent(effects, consentedWorkers()).map(({ worker: name }) => name)).toEqual(["odd", "other", "workflow inner"]);
  });
});
