/** Calls about a run: what is worth another try is tried again, what is refused is not. */
import { afterEach, expect, it, vi } from "vitest";
import { fetchJson } from "../../../src/run/live/api";

const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status });

function server(...answers: (Response | Error)[]): ReturnType<typeof vi.fn> {
  const fetch = vi.fn(() => {
    const next = answers.shift() ?? answer(500, {});
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  });
  vi.stubGlobal("fetch", fetch);
  vi.useFakeTimers();
  return fetch;
}

async function asked(): Promise<unknown> {
  const result = fetchJson("/api").then((found) => found, (error: unknown) => String(error));
  await vi.runAllTimersAsync();
  return result;
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("asks again while the server cannot be reached or is busy", async () => {
  const fetch = server(new TypeError("offline"), answer(503, { detail: "busy" }), answer(200, { fine: true }));
  expect(await asked()).toEqual({ fine: true });
  expect(fetch).toHaveBeenCalledTimes(3);
});

it("gives up after the third time, with the last reason", async () => {
  server(answer(429, {}), answer(503, {}), answer(503, { detail: "The database does not answer." }));
  expect(await asked()).toBe("Error: The database does not answer.");
  server(new TypeError("a"), new TypeError("b"), new TypeError("offline"));
  expect(await asked()).toBe("TypeError: offline");
});

it.each([403, 404, 409])("does not repeat what was refused with %i", async (status) => {
  const fetch = server(answer(status, { detail: "No." }));
  expect(await asked()).toBe("Error: No.");
  expect(fetch).toHaveBeenCalledTimes(1);
});
