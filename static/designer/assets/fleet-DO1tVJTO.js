<<<<<<<< HEAD:static/designer/assets/fleet-C0Ri1Wkq.js
import{g as e}from"./pages-BGUf4dK8.js";import{n as t}from"./live-CNmiKw0V.js";var n=4e3;function r(){let r=e(document,`[data-page=fleet]`);if(!r)return;let i=t(r);document.addEventListener(`visibilitychange`,()=>document.hidden||i.refreshSoon()),setInterval(()=>document.hidden||i.refreshSoon(),n)}export{r as startFleet};
========
import{g as e}from"./pages-MolZQvUt.js";import{n as t}from"./live-BYyS9SS5.js";var n=4e3;function r(){let r=e(document,`[data-page=fleet]`);if(!r)return;let i=t(r);document.addEventListener(`visibilitychange`,()=>document.hidden||i.refreshSoon()),setInterval(()=>document.hidden||i.refreshSoon(),n)}export{r as startFleet};
>>>>>>>> f3a88ab (Let approvals name who is asked and ask by a form, steps wait for events and for the first of several, and operators bring times forward):static/designer/assets/fleet-DO1tVJTO.js
