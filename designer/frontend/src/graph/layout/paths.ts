/** Routes as paths of SVG. Pure. */
import type { Point } from "./geometry";

const CORNER = 8;

/** Right angles as quarter circles, smaller where a part is short. */
export function rounded(points: readonly Point[]): string {
  return points.map((point, index) => {
    const [before, after] = [points[index - 1], points[index + 1]];
    if (!before) return `M${point.join(" ")}`;
    if (!after) return `L${point.join(" ")}`;
    const radius = Math.min(CORNER, length(before, point) / 2, length(point, after) / 2);
    return `L${towards(point, before, radius)}Q${point.join(" ")} ${towards(point, after, radius)}`;
  }).join("");
}

const length = ([ax, ay]: Point, [bx, by]: Point): number => Math.abs(bx - ax) + Math.abs(by - ay);

function towards([x, y]: Point, [otherX, otherY]: Point, by: number): string {
  return `${x + Math.sign(otherX - x) * by} ${y + Math.sign(otherY - y) * by}`;
}
