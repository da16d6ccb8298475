/** The pages of interventions, live: parts are fetched again when the intervention, its run or its batch has changed. */
import type { View } from "../run/live/api";
import { RunTree } from "../run/live/tree";
import { WatchedRun } from "../run/live/watched";
import { find, pageData } from "../shared/dom";
import { INTERVENTION_MOVED } from "../shared/events";
import { Parts } from "../shared/parts";
import { follow } from "../shared/socket";
import type { InterventionFrame } from "./inboxCount";
import { startEditor } from "./contextEditor";

export function startInterventionPages(): void {
  const root = find(document, "[data-page=intervention], [data-page=batch], [data-page=interventions]");
  if (!root) return;
  startEditor(root);
  if (root.dataset.page === "interventions") return watchList();
  const parts = new Parts(root, root.dataset.live ?? "");
  onMove(() => parts.refreshSoon());
  const view = pageData<View>("intervention-run");
  if (view) watchRun(root, view, () => parts.refreshSoon());
  else watchBatch(() => parts.refreshSoon());
}

/** The runs of a batch; `moved` is also called for what happened before the socket was open. */
function watchBatch(moved: () => void): void {
  follow({ path: "/ws/runs/", onOpen: moved, onMessage: moved });
}

/**
 * The run of an intervention on its canvas, with the place of the question marked. `moved` is called at each news, and
 * once the connection is live: the run may have moved while the server drew the page.
 */
function watchRun(root: HTMLElement, view: View, moved: () => void): void {
  const run: WatchedRun = new WatchedRun(view, {
    moved: (_before, frames) => {
      if (run.isCaughtUp) tree.show(run.state, null);
      if (frames.some((frame) => frame.seq > view.lastSeq)) moved();
    },
    grown: () => tree.grown(),
    connected: ({ kind }) => { if (kind === "live") moved(); },
  });
  const tree = new RunTree(run, run.state, () => undefined);
  tree.select((root.dataset.step ?? "").replace(/\[.*/, ""));
  const canvas = find<HTMLElement & { tree?: RunTree }>(root, "workflow-canvas");
  if (canvas) canvas.tree = tree;
  if (run.isCaughtUp) tree.show(run.state, null);
  run.start();
  addEventListener("offline", () => run.connection.lose());
  addEventListener("online", () => run.connection.retryNow());
}

/** A list is not moved under the reader's pointer: it says that it has changed. */
function watchList(): void {
  const shown = new Set([...document.querySelectorAll<HTMLElement>("[data-intervention]")].map((row) => row.dataset.intervention));
  onMove((frame) => {
    const isNews = frame.event === "intervention.opened" || shown.has(String(frame.id)) || !shown.size;
    if (isNews) find(document, "[data-slot=news]")?.removeAttribute("hidden");
  });
}

function onMove(listener: (frame: InterventionFrame) => void): void {
  document.addEventListener(INTERVENTION_MOVED, (event) => listener((event as CustomEvent<InterventionFrame>).detail));
}
