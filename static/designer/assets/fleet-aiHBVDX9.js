<<<<<<<< HEAD:static/designer/assets/fleet-OkmKYBsN.js
import{g as e}from"./pages-BWnYVMAl.js";import{n as t}from"./live-D6SN9Cjk.js";var n=4e3;function r(){let r=e(document,`[data-page=fleet]`);if(!r)return;let i=t(r);document.addEventListener(`visibilitychange`,()=>document.hidden||i.refreshSoon()),setInterval(()=>document.hidden||i.refreshSoon(),n)}export{r as startFleet};
========
import{g as e}from"./pages-B6EuxpIF.js";import{n as t}from"./live-Dq2jkHBK.js";var n=4e3;function r(){let r=e(document,`[data-page=fleet]`);if(!r)return;let i=t(r);document.addEventListener(`visibilitychange`,()=>document.hidden||i.refreshSoon()),setInterval(()=>document.hidden||i.refreshSoon(),n)}export{r as startFleet};
>>>>>>>> 35186cc (Keep every number as it was written, from the browser to the worker and back):static/designer/assets/fleet-aiHBVDX9.js
