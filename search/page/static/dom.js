// Elements. What comes from outside only ever becomes text or an attribute, never HTML.

export const $ = (id) => document.getElementById(id);

/** An element: h("button", { class: "main", onclick }, "text", child, ...). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element[name] = value;
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Run a function once nothing has asked for it for a while [ms]. */
export function debounced(wait, run) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...args), wait);
  };
}

/** Let files be dropped onto a label, or chosen with its input. */
export function dropZone(label, input, take) {
  const stop = (event) => event.preventDefault();
  label.ondragover = (event) => (stop(event), label.classList.add("over"));
  label.ondragleave = () => label.classList.remove("over");
  label.ondrop = (event) => {
    stop(event);
    label.classList.remove("over");
    take([...event.dataTransfer.files]);
  };
  label.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") (stop(event), input.click());
  };
  input.onchange = () => {
    take([...input.files]);
    input.value = "";
  };
}
