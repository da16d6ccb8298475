/** `<workflow-canvas mode="edit|view">`: reads its data from the JSON that the server put beside it. */
import "@xyflow/react/dist/style.css";
import "../graph/view/canvas.css";
import "../editor/workbench/designer.css";
import "../editor/trials/trials.css";
import "../editor/forecast/forecast.css";
import { createRoot, type Root } from "react-dom/client";
import { pageData } from "../shared/dom";
import type { Document } from "../graph/model/document";
import type { EditData } from "../editor/draft/data";
import type { RunTree } from "../run/live/tree";

interface ViewData {
  readonly document: Document;
  /** Address of the plan of an assumed failure; absent where the reader may not ask for one. */
  readonly coverage?: string;
  readonly figures?: string;
}

class WorkflowCanvas extends HTMLElement {
  private root: Root | undefined;
  /** Set by the page of a run, before or after this element is defined. */
  declare tree: RunTree | undefined;

  connectedCallback(): void {
    const id = this.getAttribute("data") ?? "";
    this.root = createRoot(this);
    if (this.getAttribute("mode") === "edit") this.edit(pageData<EditData>(id));
    else if (this.tree) this.watch(this.tree);
    else this.view(pageData<ViewData>(id));
  }

  disconnectedCallback(): void {
    this.root?.unmount();
  }

  private view(data: ViewData | null): void {
    if (data) void import("../graph/view/Viewer").then(({ Viewer }) => this.root?.render(<Viewer document={data.document} coverage={data.coverage ?? null} statistics={data.figures ?? null} />));
  }

  private watch(tree: RunTree): void {
    void import("../run/canvas/RunCanvas").then(({ RunCanvas }) => this.root?.render(<RunCanvas tree={tree} />));
  }

  /** The designer is a chunk of its own, loaded only in edit mode. */
  private edit(data: EditData | null): void {
    if (data) void import("../editor/workbench/Designer").then(({ Designer }) => this.root?.render(<Designer data={data} />));
  }
}

customElements.define("workflow-canvas", WorkflowCanvas);
