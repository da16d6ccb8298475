/** The live list of runs: rows come and go while nobody is choosing among them. */
import { find } from "../shared/dom";
import { Children } from "./children";
import { keepLive, partsOf } from "./live";
import { Selection } from "./select";
import { readTimes } from "./times";

export function startRunList(): void {
  const root = find(document, "[data-page=runs]");
  if (!root) return;
  const filter = find<HTMLFormElement>(root, "form[role=search]");
  if (filter) readTimes(filter);
  const form = find<HTMLFormElement>(root, "form[data-slot=choose]");
  const selection = form && new Selection(form);
  const news = find(root, "[data-slot=news]");
  const children = new Children(root);
  const parts = partsOf(root);
  parts.onLeft = () => news?.removeAttribute("hidden");
  parts.onFilled = () => {
    news?.setAttribute("hidden", "");
    selection?.say();
    children.restore();
  };
  root.addEventListener("focusout", () => { if (news && !news.hidden) parts.refreshSoon(); });
  keepLive(root, { parts });
}
