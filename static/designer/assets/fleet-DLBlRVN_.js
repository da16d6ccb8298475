<<<<<<<< HEAD:static/designer/assets/fleet-DLBlRVN_.js
import{g as e}from"./pages-BUQsq75c.js";import{n as t}from"./live-BAuRnuNp.js";var n=4e3;function r(){let r=e(document,`[data-page=fleet]`);if(!r)return;let i=t(r);document.addEventListener(`visibilitychange`,()=>document.hidden||i.refreshSoon()),setInterval(()=>document.hidden||i.refreshSoon(),n)}export{r as startFleet};
========
import{g as e}from"./pages-nwcU8Dx4.js";import{n as t}from"./live-dNzxlsiT.js";var n=4e3;function r(){let r=e(document,`[data-page=fleet]`);if(!r)return;let i=t(r);document.addEventListener(`visibilitychange`,()=>document.hidden||i.refreshSoon()),setInterval(()=>document.hidden||i.refreshSoon(),n)}export{r as startFleet};
>>>>>>>> bd32a6b (Offer every function in the editor of expressions, with its arguments, a line and an example):static/designer/assets/fleet-Ct-xXhPI.js
