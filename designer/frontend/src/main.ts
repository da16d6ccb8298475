/** Entry of every page. Each part is loaded and started where its markup is. */
import "@fontsource-variable/schibsted-grotesk/wght.css";
import "./styles/index.css";
import { startInboxCount } from "./interventions/inboxCount";
import { offerCopies } from "./shared/copy";
import { keepClicks } from "./shared/dom";
import { takeFiles } from "./shared/files";
import { focusProblem, improveForms } from "./shared/forms";
import { upgradeJson } from "./shared/jsonTree";
import { closePopovers } from "./lists/popovers";
import { keepAges, localiseTimes } from "./shared/time";

localiseTimes(document);
keepAges(document);
upgradeJson(document);
improveForms(document);
startInboxCount();
focusProblem(document);
takeFiles(document);
offerCopies(document);
closePopovers(document);
if (has("[data-picture]")) void import("./elements/gallery").then(({ drawGallery }) => drawGallery(document));
const picture = document.querySelector<HTMLAnchorElement>("a[data-draws]");
if (picture) void import("./elements/gallery").then(({ offerPicture }) => offerPicture(picture));
void startPage();

/** A page gives its canvas what to show, so it is started before the canvas is. */
async function startPage(): Promise<void> {
  await keepClicks(document, startPart);
  if (has("workflow-canvas")) await import("./elements/workflowCanvas");
}

async function startPart(): Promise<void> {
  if (has("[data-page=run]")) await (await import("./run/page/page")).startRunPage();
  if (has("[data-page=intervention], [data-page=batch], [data-page=interventions]")) (await import("./interventions/page")).startInterventionPages();
  if (has("[data-page=inbox], [data-page=home], [data-page=run]")) (await import("./interventions/inbox")).startInbox();
  if (has("[data-page=home]")) (await import("./lists/home")).startHome();
  if (has("[data-page=fleet]")) (await import("./lists/fleet")).startFleet();
  if (has("[data-page=runs]")) (await import("./lists/page")).startRunList();
  if (has("#start-data")) (await import("./inputs/start")).startInputForm();
  if (has("[data-schedule-preview]")) (await import("./lists/schedule")).previewSchedules(document);
  if (has("[data-chart]")) (await import("./charts/start")).startCharts(document);
}

function has(selector: string): boolean {
  return document.querySelector(selector) !== null;
}
