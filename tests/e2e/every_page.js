/* What a person can act on and the focus has not been at since this was called: before a walk all, after it none. */
(() => {
  const ACTS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=tab], [role=slider], [role=separator][tabindex], [contenteditable=true]";
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !element.disabled && !element.closest("[inert]");
  const seen = new Set();
  document.addEventListener("focusin", ({ target }) => seen.add(target), true);
  /* One stop of a group is enough: arrow keys move within it. */
  const groupOf = (element) => {
    if (element.type === "radio") return [...document.querySelectorAll(`input[type=radio][name="${CSS.escape(element.name)}"]`)];
    const list = element.closest("[role=tablist], [role=toolbar], [role=tree], [role=listbox], [role=menu]");
    return list && element.tabIndex < 0 ? [...list.querySelectorAll(ACTS)] : [element];
  };
  const left = () => [...document.querySelectorAll(ACTS)].filter((element) => isShown(element)).filter((element) => !groupOf(element).some((other) => seen.has(other)));
  window.everyAct = { left: () => left().map((element) => element.outerHTML.slice(0, 160)) };
})
