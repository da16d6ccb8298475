/** Entry of every page. Each part starts itself where its markup is. */
import "@fontsource-variable/schibsted-grotesk/wght.css";
import "./styles/index.css";
import { startCaseCount } from "./cases/count";
import { startCasePages } from "./cases/page";
import { startRunPage } from "./run/page";
import { improveForms } from "./ui/forms";
import { upgradeJson } from "./ui/json";
import { localiseTimes } from "./ui/time";

localiseTimes(document);
upgradeJson(document);
improveForms(document);
startRunPage();
startCaseCount();
startCasePages();
if (document.querySelector("workflow-canvas")) void import("./canvas/element");
