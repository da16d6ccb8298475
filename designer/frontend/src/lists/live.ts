/** What live lists share: frames paint rows at once, parts are fetched again now and then, and a badge shows the connection. */
import { Badges, sayLive } from "../shared/badges";
import { find, setText } from "../shared/dom";
import { Parts } from "../shared/parts";
import { follow } from "../shared/socket";
import { runFrame, type RunFrame } from "./frame";

const REFRESH_MS = 2_000;

export interface Live {
  parts: Parts;
  onFrame?: (frame: RunFrame) => void;
}

/** Keeps the rows and parts of `root` current. What happened while the socket was closed is fetched when it opens. */
export function keepLive(root: HTMLElement, { parts, onFrame }: Live): void {
  const badges = Badges.of(document);
  document.addEventListener("visibilitychange", () => document.hidden || parts.refreshSoon());
  follow({
    path: "/ws/runs/",
    onOpen: () => {
      parts.refreshSoon();
      sayLive(root, "live");
    },
    onLost: (willReturn) => sayLive(root, willReturn ? "lost" : "refused"),
    onMessage: (data) => {
      const frame = runFrame(data);
      if (!frame) return;
      paintRow(root, frame, badges);
      onFrame?.(frame);
      if (!document.hidden) parts.refreshSoon();
    },
  });
}

/** The parts of this page, fetched again every two seconds at most. */
export function partsOf(root: HTMLElement): Parts {
  return new Parts(root, location.href, REFRESH_MS);
}

export function paintRow(root: ParentNode, frame: RunFrame, badges: Badges): void {
  const row = find(root, `[data-run="${CSS.escape(frame.run)}"]`);
  if (!row) return;
  badges.show(find(row, "[data-slot=status]"), "run", frame.status);
  setText(find(row, "[data-slot=steps]"), `${frame.done} of ${frame.total}`);
  const meter = find<HTMLProgressElement>(row, "progress");
  if (meter && frame.total) [meter.max, meter.value] = [frame.total, frame.done];
}
