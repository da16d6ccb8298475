<<<<<<<< HEAD:static/designer/assets/fleet-C1wWe-BU.js
import{g as e}from"./pages-Dzh2jo6q.js";import{n as t}from"./live-BtyvVP_u.js";var n=4e3;function r(){let r=e(document,`[data-page=fleet]`);if(!r)return;let i=t(r);document.addEventListener(`visibilitychange`,()=>document.hidden||i.refreshSoon()),setInterval(()=>document.hidden||i.refreshSoon(),n)}export{r as startFleet};
========
import{g as e}from"./pages-DyDBZpKx.js";import{n as t}from"./live-BNApvjA7.js";var n=4e3;function r(){let r=e(document,`[data-page=fleet]`);if(!r)return;let i=t(r);document.addEventListener(`visibilitychange`,()=>document.hidden||i.refreshSoon()),setInterval(()=>document.hidden||i.refreshSoon(),n)}export{r as startFleet};
>>>>>>>> 0ad69be (Put the words about an opened step below the steps inside it):static/designer/assets/fleet-Cif9yxlV.js
