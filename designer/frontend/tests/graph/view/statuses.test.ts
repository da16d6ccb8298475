/** Live statuses: who listens to one step hears of that step alone. */
import { expect, it, vi } from "vitest";
import { Statuses } from "../../../src/graph/view/statuses";

const RUNNING = { status: "running", undo: "none" };

it("tells only those whose step changed, and only of changes", () => {
  const statuses = new Statuses();
  const [one, other] = [vi.fn(), vi.fn()];
  statuses.subscribe("reserve", one);
  statuses.subscribe("charge", other);
  statuses.set([["reserve", RUNNING]]);
  statuses.set([["reserve", { ...RUNNING }]]);
  expect([one.mock.calls.length, other.mock.calls.length]).toEqual([1, 0]);
  expect(statuses.get("reserve")).toBe(statuses.get("reserve"));
  statuses.set([["reserve", { ...RUNNING, note: "attempt 2" }], ["charge", RUNNING]]);
  expect([one.mock.calls.length, other.mock.calls.length]).toEqual([2, 1]);
});

it("is silent after the end of a subscription, and tells of clearing", () => {
  const statuses = new Statuses();
  const [one, other] = [vi.fn(), vi.fn()];
  const end = statuses.subscribe("reserve", one);
  statuses.subscribe("reserve", other);
  end();
  statuses.set([["reserve", RUNNING]]);
  statuses.clear();
  expect([one.mock.calls.length, other.mock.calls.length]).toEqual([0, 2]);
  expect(statuses.get("reserve")).toBeUndefined();
});
