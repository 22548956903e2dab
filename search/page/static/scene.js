// A picture with boxes of people: a click on one chooses it, and so does a box that is drawn with the mouse.

import { h } from "./dom.js";

const LEAST = 8; // pixels of the screen of a box that is drawn

/**
 * The picture as an element.
 *   src      address of the picture
 *   width, height  in whose pixels boxes are
 *   boxes    [{ box: [left, top, width, height], label, sure }]
 *   choose   called with the entry of `boxes`, or with { box } that was drawn
 */
export function scene({ src, width, height, boxes, choose, alt = "" }) {
  const image = h("img", { src, alt, draggable: "false" });
  const whole = h("div", { class: "picture" }, image);
  const place = (element, [left, top, wide, high]) => {
    element.style.left = `${(100 * left) / width}%`;
    element.style.top = `${(100 * top) / height}%`;
    element.style.width = `${(100 * wide) / width}%`;
    element.style.height = `${(100 * high) / height}%`;
  };
  // Small boxes last, so that they lie above the large ones that they are in.
  const sorted = [...boxes].sort((one, other) => other.box[2] * other.box[3] - one.box[2] * one.box[3]);
  for (const entry of sorted) {
    const kind = `box${entry.sure === false ? " unsure" : ""}`;
    const button = h("button", { class: kind, onclick: () => choose(entry) }, h("span", {}, entry.label ?? ""));
    button.setAttribute("aria-label", entry.label || `${boxes.indexOf(entry) + 1}`);
    place(button, entry.box);
    whole.append(button);
  }
  drawable(whole, { width, height }, place, (box) => choose({ box }));
  return whole;
}

function drawable(whole, size, place, done) {
  let start = null;
  let drawn = null;
  const at = (event) => {
    const { left, top, width, height } = whole.getBoundingClientRect();
    const within = (value) => Math.min(1, Math.max(0, value));
    return [within((event.clientX - left) / width) * size.width, within((event.clientY - top) / height) * size.height];
  };
  const boxTo = ([x, y]) => [Math.min(x, start[0]), Math.min(y, start[1]), Math.abs(x - start[0]), Math.abs(y - start[1])];
  whole.onpointerdown = (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    start = at(event);
  };
  whole.onpointermove = (event) => {
    if (!start) return;
    if (!drawn) {
      whole.append((drawn = h("div", { class: "drawn" })));
      whole.setPointerCapture(event.pointerId);
    }
    place(drawn, boxTo(at(event)));
  };
  whole.onpointerup = (event) => {
    const scale = whole.clientWidth / size.width;
    const box = start && boxTo(at(event));
    drawn?.remove();
    const large = drawn && box[2] * scale >= LEAST && box[3] * scale >= LEAST;
    start = drawn = null;
    if (large) done(box);
  };
}
