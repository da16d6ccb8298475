<<<<<<<< HEAD:static/designer/assets/fleet-Cy1emLrm.js
import{g as e}from"./pages-keD81iMD.js";import{n as t}from"./live-sQQ57BGO.js";var n=4e3;function r(){let r=e(document,`[data-page=fleet]`);if(!r)return;let i=t(r);document.addEventListener(`visibilitychange`,()=>document.hidden||i.refreshSoon()),setInterval(()=>document.hidden||i.refreshSoon(),n)}export{r as startFleet};
========
import{g as e}from"./pages-DOoRNyv4.js";import{n as t}from"./live-D0OOZRXz.js";var n=4e3;function r(){let r=e(document,`[data-page=fleet]`);if(!r)return;let i=t(r);document.addEventListener(`visibilitychange`,()=>document.hidden||i.refreshSoon()),setInterval(()=>document.hidden||i.refreshSoon(),n)}export{r as startFleet};
>>>>>>>> 4755648 (Give the fields of limits and priorities their looks, and name in the journal who paused a run):static/designer/assets/fleet-CBUq2BhK.js
