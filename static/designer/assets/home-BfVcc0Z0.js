<<<<<<<< HEAD:static/designer/assets/home-C3iBZedX.js
import{f as e,g as t,p as n}from"./pages-BUQsq75c.js";import{n as r,r as i,t as a}from"./live-BAuRnuNp.js";var o=3e4;function s(){let s=t(document,`[data-page=home]`);if(!s)return;let c=r(s);document.addEventListener(n,()=>c.refreshSoon()),setInterval(()=>document.hidden||c.refreshSoon(),o),a(s,{parts:c,onFrame:t=>{i(t)&&document.dispatchEvent(new Event(e))}})}export{s as startHome};
========
import{f as e,g as t,p as n}from"./pages-nwcU8Dx4.js";import{n as r,r as i,t as a}from"./live-dNzxlsiT.js";var o=3e4;function s(){let s=t(document,`[data-page=home]`);if(!s)return;let c=r(s);document.addEventListener(n,()=>c.refreshSoon()),setInterval(()=>document.hidden||c.refreshSoon(),o),a(s,{parts:c,onFrame:t=>{i(t)&&document.dispatchEvent(new Event(e))}})}export{s as startHome};
>>>>>>>> bd32a6b (Offer every function in the editor of expressions, with its arguments, a line and an example):static/designer/assets/home-BfVcc0Z0.js
