<<<<<<<< HEAD:static/designer/assets/home-Bjbw_av9.js
import{f as e,g as t,p as n}from"./pages-keD81iMD.js";import{n as r,r as i,t as a}from"./live-sQQ57BGO.js";var o=3e4;function s(){let s=t(document,`[data-page=home]`);if(!s)return;let c=r(s);document.addEventListener(n,()=>c.refreshSoon()),setInterval(()=>document.hidden||c.refreshSoon(),o),a(s,{parts:c,onFrame:t=>{i(t)&&document.dispatchEvent(new Event(e))}})}export{s as startHome};
========
import{f as e,g as t,p as n}from"./pages-DOoRNyv4.js";import{n as r,r as i,t as a}from"./live-D0OOZRXz.js";var o=3e4;function s(){let s=t(document,`[data-page=home]`);if(!s)return;let c=r(s);document.addEventListener(n,()=>c.refreshSoon()),setInterval(()=>document.hidden||c.refreshSoon(),o),a(s,{parts:c,onFrame:t=>{i(t)&&document.dispatchEvent(new Event(e))}})}export{s as startHome};
>>>>>>>> 4755648 (Give the fields of limits and priorities their looks, and name in the journal who paused a run):static/designer/assets/home-DS-fgzIn.js
