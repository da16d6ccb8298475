<<<<<<<< HEAD:static/designer/assets/home-BAf4d081.js
import{f as e,g as t,p as n}from"./pages-BWnYVMAl.js";import{n as r,r as i,t as a}from"./live-D6SN9Cjk.js";var o=3e4;function s(){let s=t(document,`[data-page=home]`);if(!s)return;let c=r(s);document.addEventListener(n,()=>c.refreshSoon()),setInterval(()=>document.hidden||c.refreshSoon(),o),a(s,{parts:c,onFrame:t=>{i(t)&&document.dispatchEvent(new Event(e))}})}export{s as startHome};
========
import{f as e,g as t,p as n}from"./pages-B6EuxpIF.js";import{n as r,r as i,t as a}from"./live-Dq2jkHBK.js";var o=3e4;function s(){let s=t(document,`[data-page=home]`);if(!s)return;let c=r(s);document.addEventListener(n,()=>c.refreshSoon()),setInterval(()=>document.hidden||c.refreshSoon(),o),a(s,{parts:c,onFrame:t=>{i(t)&&document.dispatchEvent(new Event(e))}})}export{s as startHome};
>>>>>>>> 35186cc (Keep every number as it was written, from the browser to the worker and back):static/designer/assets/home-B_nfwqg5.js
