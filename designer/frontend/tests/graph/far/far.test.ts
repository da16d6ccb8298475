import { describe, expect, it } from "vitest";
import { rectsOf, stepsWithin, stepUnder } from "../../../src/graph/far/far";
import { layersOf, wayBetween, type Scene } from "../../../src/graph/far/painting";
import type { Box } from "../../../src/graph/model/boxes";

const box = (id: string, path: string, x: number, y: number, width: number, height: number, isFrame = false): Box => ({ id, path, x, y, width, height, isFrame } as Box);
const RECTS = rectsOf([box("a", "", 0, 0, 100, 50), box("frame", "", 200, 0, 300, 200, true), box("frame/b", "frame", 20, 40, 100, 50)]);
const scene = (tones: Readonly<Record<string, string | null>>): Scene => ({ toneOf: (id) => tones[id] ?? null, lines: () => [], subscribe: () => () => undefined });

describe("steps from afar", () => {
  it("lie where their frames are", () => {
    expect(RECTS.get("frame/b")).toEqual({ x: 220, y: 40, width: 100, height: 50 });
  });

  it("are found under a place, the innermost first", () => {
    expect(stepUnder(RECTS, [230, 50])).toBe("frame/b");
    expect(stepUnder(RECTS, [205, 190])).toBe("frame");
    expect(stepUnder(RECTS, [150, 20])).toBeUndefined();
  });

  it("are taken by a box that holds all of them, from whichever corner it was drawn", () => {
    expect(stepsWithin(RECTS, [330, 100], [-10, -10])).toEqual(["a", "frame/b"]);
  });

  it("are painted above the frames around them; some are painted by others", () => {
    const layers = layersOf(RECTS, scene({ "a": "", "frame": "go", "frame/b": "stop" }));
    expect(layers.map(({ tone }) => tone)).toEqual(["go", "", "stop"]);
    expect(layersOf(RECTS, scene({ a: "go" })).map(({ rects }) => rects.length)).toEqual([1]);
  });
});

describe("a line from afar", () => {
  const [source, target] = [{ x: 0, y: 0, width: 100, height: 50 }, { x: 200, y: 0, width: 100, height: 50 }];

  it("goes along its route as long as both steps are where it leads", () => {
    const route = [[100, 25], [150, 25], [150, 30], [200, 25]] as const;
    expect(wayBetween(source, target, route)).toEqual(route);
    expect(wayBetween(source, { ...target, x: 400 }, route)).toEqual([[100, 25], [400, 25]]);
  });

  it("is straight without one, to the right or down", () => {
    expect(wayBetween(source, target)).toEqual([[100, 25], [200, 25]]);
    expect(wayBetween(source, { ...target, x: 0, y: 100 })).toEqual([[50, 50], [50, 100]]);
  });
});
