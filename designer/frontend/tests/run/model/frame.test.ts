/** Journal entries as the socket sends them. */
import { describe, expect, it } from "vitest";
import { parseFrame } from "../../../src/run/model/frame";

describe("frames", () => {
  it("are refused when they are none", () => {
    for (const text of ["", "{", "1", "null", "[]", '{"seq":"1","type":"x"}', '{"seq":1}']) expect(parseFrame(text)).toBeNull();
  });

  it("get defaults for what they leave out", () => {
    expect(parseFrame('{"seq":1,"type":"run.created","data":null}')).toEqual(
      { seq: 1, type: "run.created", step: "", attempt: 0, at: "", status: "", data: {} },
    );
  });
});
