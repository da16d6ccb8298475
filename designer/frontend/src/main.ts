/** Entry of every page. Each part is loaded and started where its markup is. */
import "@fontsource-variable/schibsted-grotesk/wght.css";
import "./styles/index.css";
import { startCaseCount } from "./cases/count";
import { offerCopies } from "./ui/copy";
import { takeFiles } from "./ui/files";
import { improveForms } from "./ui/forms";
import { upgradeJson } from "./ui/json";
import { keepAges, localiseTimes } from "./ui/time";

localiseTimes(document);
keepAges(document);
upgradeJson(document);
improveForms(document);
startCaseCount();
takeFiles(document);
offerCopies(document);
if (has("[data-picture]")) void import("./canvas/gallery").then(({ drawGallery }) => drawGallery(document));
const picture = document.querySelector<HTMLAnchorElement>("a[data-draws]");
if (picture) void import("./canvas/gallery").then(({ offerPicture }) => offerPicture(picture));
void startPage();

/** A page gives its canvas what to show, so it is started before the canvas is. */
async function startPage(): Promise<void> {
  if (has("[data-page=run]")) await (await import("./run/page")).startRunPage();
  if (has("[data-page=case], [data-page=batch], [data-page=cases]")) (await import("./cases/page")).startCasePages();
  if (has("[data-page=home]")) (await import("./lists/home")).startHome();
  if (has("[data-page=fleet]")) (await import("./lists/fleet")).startFleet();
  if (has("[data-page=runs]")) (await import("./lists/page")).startRunList();
  if (has("[data-chart]")) (await import("./charts/start")).startCharts(document);
  if (has("workflow-canvas")) await import("./canvas/element");
}

function has(selector: string): boolean {
  return document.querySelector(selector) !== null;
}
