// A person who was seen: a large picture, and below it camera, time and score.

import { h } from "./dom.js";
import { t } from "./texts.js";

/** A time as "2026-11-25 08:00:12 – 08:00:20". */
export function when(seen) {
  const span = seen.from === seen.to ? seen.from : `${seen.from} – ${seen.to}`;
  return seen.day ? `${seen.day} ${span}` : span;
}

/** What somebody is called: name, or number. */
export function called(person, name) {
  return name || (person ? t("person", { number: person }) : "");
}

export function card(seen, onclick) {
  const picture = seen.thumbnail
    ? h("img", { src: seen.thumbnail, alt: "", loading: "lazy" })
    : h("div", { class: "no-picture" });
  const lines = [
    h("strong", { title: seen.camera }, seen.camera),
    h("span", { class: "time" }, seen.from === seen.to ? seen.from : `${seen.from} – ${seen.to}`),
    h("span", { class: "day" }, seen.day),
  ];
  const label = called(seen.person, seen.person_name);
  return h(
    "button",
    { class: "card", onclick, title: seen.name ?? "" },
    h("div", { class: "face" }, picture, label && h("span", { class: "tag" }, label)),
    h("div", { class: "caption" }, lines, seen.score !== undefined && score(seen)),
  );
}

function score(seen) {
  const fill = h("i");
  fill.style.width = `${Math.round(100 * Math.max(0, Math.min(1, seen.score)))}%`;
  return h("span", { class: "score", title: t("find.score") }, h("b", {}, seen.score.toFixed(2)), h("em", {}, fill));
}
