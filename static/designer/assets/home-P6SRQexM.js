<<<<<<<< HEAD:static/designer/assets/home-P6SRQexM.js
import{f as e,g as t,p as n}from"./pages-Dzh2jo6q.js";import{n as r,r as i,t as a}from"./live-BtyvVP_u.js";var o=3e4;function s(){let s=t(document,`[data-page=home]`);if(!s)return;let c=r(s);document.addEventListener(n,()=>c.refreshSoon()),setInterval(()=>document.hidden||c.refreshSoon(),o),a(s,{parts:c,onFrame:t=>{i(t)&&document.dispatchEvent(new Event(e))}})}export{s as startHome};
========
import{f as e,g as t,p as n}from"./pages-DyDBZpKx.js";import{n as r,r as i,t as a}from"./live-BNApvjA7.js";var o=3e4;function s(){let s=t(document,`[data-page=home]`);if(!s)return;let c=r(s);document.addEventListener(n,()=>c.refreshSoon()),setInterval(()=>document.hidden||c.refreshSoon(),o),a(s,{parts:c,onFrame:t=>{i(t)&&document.dispatchEvent(new Event(e))}})}export{s as startHome};
>>>>>>>> 0ad69be (Put the words about an opened step below the steps inside it):static/designer/assets/home-BzqGH7-c.js
