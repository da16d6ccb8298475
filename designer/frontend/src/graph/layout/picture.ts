/** A workflow as SVG text, as the canvas shows it. Pure. */
import { present } from "../../shared/present";
import type { Catalog, Slot } from "../model/catalog";
import { textOf, type Document, type Place, type Places } from "../model/document";
import { edgeViews, NODE_HEIGHT, NODE_WIDTH, stepViews, type EdgeView, type StepView } from "../model/nodes";
import { directionOf } from "./direction";
import type { Point } from "./geometry";
import { rounded } from "./paths";
import { labelRoom } from "./planes";
import { sourcePort, targetPort } from "./ports";
import { routesOf, type Line, type Route, type Solid } from "./router";

const MARGIN = 12;
const TITLE_MAX = 27;
const LINE_MAX = 34;
const PLATE_LINE = 15;
const NO_MARKS = new Map<string, never>();
const SLOT_SIGN: Readonly<Record<Slot["holds"], string>> = { action: "↶", none: "–", irreversible: "×", unstated: "?" };

interface Size {
  readonly width: number;
  readonly height: number;
  /** Of a place on the canvas, in the picture. */
  readonly across: number;
  readonly down: number;
  readonly isSmall: boolean;
}

const FULL: Size = { width: NODE_WIDTH, height: NODE_HEIGHT, across: 1, down: 1, isSmall: false };
/** Steps as small plates with their titles, closer together; an edge still has room to leave one and to reach the next. */
export const SMALL: Size = { width: 132, height: 62, across: 0.6, down: 0.54, isSmall: true };

/** Steps without a place are left out. Light and dark by what the reader prefers. */
export function pictureOf(document: Document, catalog: Catalog, places: Places, size = FULL): string {
  const put = (place: Place | undefined): Place | undefined => place && [Math.round(place[0] * size.across), Math.round(place[1] * size.down)];
  const views = [...stepViews(document, catalog, NO_MARKS)].flatMap(([id, view]) => (places.has(id) ? [{ view, at: present(put(places.get(id))) }] : []));
  const edges = edgeViews(document, NO_MARKS);
  const boxes = new Map([...places].map(([id, place]) => [id, { id, ...box(present(put(place)), size), head: null }] as const));
  const routes = new Map(routed(document, places, boxes, edges, size.isSmall).map((route) => [route.id, route]));
  const [left, top, width, height] = boxOf(views.map(({ at }) => at), [...routes.values()], size);
  const lines = edges.flatMap((edge) => line(edge, routes.get(edge.id), size));
  const steps = views.map(({ view, at }) => (size.isSmall ? plate(view, at, size) : step(view, at)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${left} ${top} ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${safe(typeof document.title === "string" ? document.title : textOf(document.name) || "Workflow")}</title>`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="end" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0 10 5 0 10z"/></marker></defs>',
    `<rect class="ground" x="${left}" y="${top}" width="${width}" height="${height}"/>`, ...lines, ...steps, "</svg>", "",
  ].join("\n");
}

const STYLE = [
  ".ground{fill:#fff}.box{fill:#fff;stroke:#8a9a9c;stroke-width:1.5}text{fill:#1c2b2d}.soft{fill:#4d6063}.undo{fill:#0f6b57}.gap{fill:#8a5200}",
  ".slot{stroke:#8a9a9c;stroke-width:1.5;stroke-dasharray:4 3}.way{fill:none;stroke:#76878a;stroke-width:1.6}.if{stroke-dasharray:6 4}.caught{stroke:#b3261e;stroke-dasharray:7 4}.tip{fill:#76878a}.plate{fill:#fff}.code{font-family:ui-monospace,monospace;font-size:12px}",
  ".strip{stroke:#b9c4c5;stroke-width:4;stroke-linecap:round}.strip.action{stroke:#d98a4a}.strip.unstated{stroke:#e0b100;stroke-dasharray:2 7}",
  "@media(prefers-color-scheme:dark){.caught{stroke:#ff9a8f}.ground,.box,.plate{fill:#14201f}text{fill:#e4ecea}.soft{fill:#aebdba}.undo{fill:#6fd3b5}.gap{fill:#f0b763}}",
].join("");

const box = ([x, y]: Place, { width, height }: Size) => ({ x, y, width, height });

/** Routes of the edges whose ends have places. Small pictures have no labels. */
function routed(document: Document, places: Places, boxes: ReadonlyMap<string, Solid>, edges: readonly EdgeView[], isSmall: boolean): Route[] {
  const direction = directionOf(document, places) ?? "right";
  const lines = edges.flatMap(({ id, source, target, label, isError }): Line[] => {
    const [from, to] = [boxes.get(source), boxes.get(target)];
    if (!from || !to) return [];
    return [{ id, source, target, from: sourcePort(from, direction, isError), to: targetPort(to, direction), label: isSmall ? null : labelRoom(label) }];
  });
  return routesOf([{ path: "", region: null, boxes: [...boxes.values()], lines }]);
}

function boxOf(places: readonly Place[], routes: readonly Route[], { width, height }: Size): readonly [number, number, number, number] {
  if (!places.length) return [0, 0, width, height];
  const ways = routes.flatMap(({ points, label }): Point[] => [...points, ...(label ? [label.at] : [])]);
  const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)];
  const [left, top] = [Math.min(...xs, ...ways.map(([x]) => x)) - MARGIN, Math.min(...ys, ...ways.map(([, y]) => y)) - MARGIN];
  const [right, bottom] = [Math.max(...xs.map((x) => x + width), ...ways.map(([x]) => x)), Math.max(...ys.map((y) => y + height), ...ways.map(([, y]) => y))];
  return [left, top, right + MARGIN - left, bottom + MARGIN - top];
}

function step({ title, does, badges, slot }: StepView, [x, y]: Place): string {
  const look = slot.holds === "action" ? "undo code" : slot.holds === "unstated" ? "gap" : "soft";
  return [
    `<g transform="translate(${x} ${y})"><rect class="box" width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="12"/>`,
    `<text x="12" y="27" font-size="14" font-weight="650">${cut(title, TITLE_MAX)}</text><text class="soft code" x="12" y="48">${cut(does, LINE_MAX)}</text>`,
    badges.length ? `<text class="soft" x="12" y="74" font-size="11">${cut(badges.join(" · "), LINE_MAX)}</text>` : "",
    `<path class="slot" d="M0 96H${NODE_WIDTH}"/><text class="${look}" x="12" y="117">${SLOT_SIGN[slot.holds]} ${cut(slot.text, LINE_MAX - 4)}</text></g>`,
  ].join("");
}

/** A title in two lines, and a strip that tells whether there is an undo. */
function plate({ title, slot }: StepView, [x, y]: Place, { width, height }: Size): string {
  const words = title.split(" ");
  const first = words.reduce((text, word, index) => (index && `${text} ${word}`.length <= PLATE_LINE ? `${text} ${word}` : text || word), "");
  const rest = title.slice(first.length).trim();
  return [
    `<g transform="translate(${x} ${y})"><rect class="box" width="${width}" height="${height}" rx="8"/><path class="strip ${slot.holds}" d="M8 ${height - 8}H${width - 8}"/>`,
    `<text x="${width / 2}" y="${rest ? 22 : 30}" text-anchor="middle" font-weight="600">${cut(first, PLATE_LINE + 1)}</text>`,
    rest ? `<text x="${width / 2}" y="39" text-anchor="middle" font-weight="600">${cut(rest, PLATE_LINE)}</text></g>` : "</g>",
  ].join("");
}

function line({ label, isError }: EdgeView, route: Route | undefined, { isSmall }: Size): string[] {
  if (!route) return [];
  const path = `<path class="way${isError ? " caught" : label ? " if" : ""}" marker-end="url(#end)" d="${rounded(route.points)}"/>`;
  if (!label || isSmall || !route.label) return [path];
  const [[x, y], room] = [route.label.at, label.length * 7 + 10];
  return [path, `<rect class="plate" x="${x - room / 2}" y="${y - 9}" width="${room}" height="18" rx="4"/><text class="code" x="${x}" y="${y + 4}" text-anchor="middle" font-size="11">${safe(label)}</text>`];
}

function cut(text: string, most: number): string {
  return safe(text.length > most ? `${text.slice(0, most - 1)}…` : text);
}

/** Untrusted text as XML text: markup is escaped, control characters and lone surrogates are dropped. */
function safe(text: string): string {
  const plain = Array.from(text).filter((sign) => sign >= " " && !/^[\uD800-\uDFFF\uFFFE\uFFFF]$/.test(sign)).join("");
  return plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
