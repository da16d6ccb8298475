/** Entry of every page. Each part starts itself where its markup is. */
import "@fontsource-variable/schibsted-grotesk/wght.css";
import "./styles/index.css";
import { startCaseCount } from "./cases/count";
import { startCasePages } from "./cases/page";
import { startRunPage } from "./run/page";
import { takeFiles } from "./ui/files";
import { improveForms } from "./ui/forms";
import { upgradeJson } from "./ui/json";
import { localiseTimes } from "./ui/time";

localiseTimes(document);
upgradeJson(document);
improveForms(document);
startRunPage();
startCaseCount();
startCasePages();
takeFiles(document);
if (document.querySelector("[data-picture]")) void import("./canvas/gallery").then(({ drawGallery }) => drawGallery(document));
const picture = document.querySelector<HTMLAnchorElement>("a[data-draws]");
if (picture) void import("./canvas/gallery").then(({ offerPicture }) => offerPicture(picture));
if (document.querySelector("workflow-canvas")) void import("./canvas/element");
