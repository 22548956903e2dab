// The tab with everybody: portrait, name and time line; here people are named, merged and split.

import { ask, notice } from "./api.js";
import { when } from "./cards.js";
import { $, debounced, h } from "./dom.js";
import { t } from "./texts.js";

const COLOURS = 8; // of cameras, in style.css; then they repeat
const SHORTEST = 0.4; // percent of the axis: a visit's bar is at least as wide

let page;
let shown = { people: [], total: 0, first: 0, page: 30, cameras: [], axes: [] };
let chosen = new Set(); // numbers of people
let opened = null; // { number, faces, visits }: whose visits are listed, and which of them are chosen
let job = null; // the grouping that runs

export function begin(given) {
  page = given;
  $("people-name").oninput = debounced(200, () => load(0));
  $("group").onclick = group;
}

export async function enter() {
  await load(shown.first, true);
}

async function load(first, anew = false) {
  if (!shown.people.length) $("people-summary").textContent = t("people.loading");
  const said = await ask("people", { first, name: $("people-name").value, anew: anew ? 1 : 0 }).catch(() => null);
  if (!said) return;
  shown = said;
  render();
}

async function group() {
  const said = await ask("group", { title: t("people.group") }).catch(() => null);
  if (!said) return;
  job = said.job;
  render();
  while (job !== null) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { jobs } = await ask("jobs").catch(() => ({ jobs: [] }));
    const mine = jobs.find((one) => one.number === job);
    if (mine && (mine.state === "waiting" || mine.state === "running")) continue;
    job = null;
    await load(0, true);
    if (mine) notice({ ...mine.said, good: mine.state === "done" });
  }
}

/** Have the program do what changes who is who, and say what came of it. */
async function say(what, values, key) {
  const said = await ask(what, values).catch(() => null);
  if (!said) return;
  chosen.clear();
  opened = null;
  await load(shown.first);
  notice({ key, values: { ...values, ...said }, good: true });
}

export function render() {
  $("group").disabled = job !== null;
  $("group").textContent = t(job === null ? "people.group" : "people.grouping");
  $("timeline").href = `/timeline/people.png?first=${shown.first}`;
  $("timeline").hidden = !shown.total;
  $("people-summary").textContent = shown.total ? t("people.count", { count: shown.total }) : t(job ? "people.grouping" : "people.none");
  $("people-summary").classList.toggle("large", !shown.total);
  $("legend").replaceChildren(
    ...shown.cameras.map((camera, place) => h("span", {}, h("i", { class: `camera-${place % COLOURS}` }), camera)),
  );
  renderChosen();
  const axis = shown.people.length ? [h("div", { class: "row head" }, h("div", { class: "who" }), lanes((one) => one.ticks.map((tick) => mark(one, tick))))] : [];
  $("rows").replaceChildren(...axis, ...shown.people.flatMap(row));
  renderPages();
}

function renderChosen() {
  const people = shown.people.filter((one) => chosen.has(one.number));
  $("people-chosen").hidden = people.length === 0;
  // The first is kept: who has a name, else who has the lower number.
  const order = people.sort((one, other) => !one.name - !other.name || one.number - other.number).map((one) => one.number);
  $("people-chosen").replaceChildren(
    h("span", {}, t("people.chosen", { count: people.length })),
    h(
      "button",
      { class: "main", disabled: people.length < 2, onclick: () => say("merge", { people: order }, "people.merged") },
      t("people.merge"),
    ),
    h("button", { class: "quiet", onclick: () => (chosen.clear(), render()) }, t("cancel")),
  );
}

function row(person) {
  const choose = () => {
    if (!chosen.delete(person.number)) chosen.add(person.number);
    render();
  };
  const isOpen = opened?.number === person.number;
  const who = h(
    "div",
    { class: "who" },
    h("input", { type: "checkbox", checked: chosen.has(person.number), onchange: choose, "aria-label": t("people.choose") }),
    h("img", { src: person.portrait, alt: "", onclick: () => open(person) }),
    h("div", {}, nameField(person), h("button", { class: "quiet visits", onclick: () => open(person) }, visitsText(person))),
  );
  const own = h("div", { class: `row${isOpen ? " open" : ""}` }, who, lanes((axis) => person.visits.filter((visit) => visit.dated === axis.dated).map((visit) => bar(person, axis, visit))));
  return isOpen ? [own, visitsOf(person)] : [own];
}

function visitsText(person) {
  const count = person.visits.length + person.more;
  return `${t("person", { number: person.number })} · ${t(count === 1 ? "people.visit" : "people.visits", { count })}`;
}

function nameField(person) {
  const field = h("input", { class: "name", value: person.name, placeholder: t("people.name"), "aria-label": t("people.name") });
  field.onkeydown = (event) => {
    if (event.key === "Enter") field.blur();
    if (event.key === "Escape") (field.value = person.name), field.blur();
  };
  field.onblur = () => {
    const name = field.value.trim();
    if (name !== person.name) say("name", { person: person.number, name }, name ? "people.named" : "people.unnamed").then(render);
  };
  return field;
}

/** A lane for each axis of the page: dates, and the videos' own clocks. */
function lanes(parts) {
  return h("div", { class: "lanes" }, shown.axes.map((axis) => h("div", { class: "lane" }, parts(axis))));
}

function bar(person, axis, visit) {
  const length = axis.end - axis.start;
  const wide = Math.max(SHORTEST, (100 * (visit.end - visit.start)) / length);
  const element = h("button", {
    class: `visit camera-${shown.cameras.indexOf(visit.camera) % COLOURS}`,
    title: `${visit.camera} · ${when(visit)}`,
    "aria-label": `${visit.camera} ${when(visit)}`,
    onclick: () => play(person, visit),
  });
  element.style.left = `${Math.min(100 - wide, (100 * (visit.start - axis.start)) / length)}%`;
  element.style.width = `${wide}%`;
  return element;
}

function mark(axis, tick) {
  const element = h("span", { class: "tick" }, tick.text);
  element.style.left = `${(100 * (tick.at - axis.start)) / (axis.end - axis.start)}%`;
  return element;
}

function play(person, visit) {
  const thumbnail = opened?.faces[visit.tracklets[0]] ?? person.portrait;
  page.open({ ...visit, tracklet: visit.tracklets[0], thumbnail, person: person.number, person_name: person.name });
}

/** List somebody's visits, or no longer. */
async function open(person) {
  if (opened?.number === person.number) opened = null;
  else {
    const tracklets = person.visits.map((visit) => visit.tracklets[0]);
    const { faces } = await ask("faces", { tracklets }).catch(() => ({ faces: {} }));
    opened = { number: person.number, faces, visits: new Set() };
  }
  render();
}

function visitsOf(person) {
  const cards = person.visits.map((visit) => {
    const choose = () => {
      if (!opened.visits.delete(visit)) opened.visits.add(visit);
      render();
    };
    return h(
      "div",
      { class: "card" },
      h("button", { class: "face", onclick: () => play(person, visit) }, h("img", { src: opened.faces[visit.tracklets[0]] ?? "", alt: "" })),
      h("label", { class: "caption" }, h("strong", {}, visit.camera), h("span", { class: "time" }, `${visit.from} – ${visit.to}`), h("span", { class: "day" }, visit.day), h("input", { type: "checkbox", checked: opened.visits.has(visit), onchange: choose, "aria-label": t("people.choose") })),
    );
  });
  const tracklets = [...opened.visits].flatMap((visit) => visit.tracklets);
  const split = () => say("split", { person: person.number, tracklets }, "people.was_split");
  return h(
    "div",
    { class: "visits-list" },
    h(
      "div",
      { class: "bar" },
      h("span", { class: "hint" }, t("people.split_hint")),
      h("button", { class: "main", disabled: !opened.visits.size, onclick: split }, t("people.split")),
    ),
    h("div", { class: "grid" }, cards),
    person.more ? h("p", { class: "hint" }, t("people.more", { count: person.more })) : null,
  );
}

function renderPages() {
  const { first, total, page: size } = shown;
  const to = (place, text) => h("button", { disabled: place < 0 || place >= total, onclick: () => load(place) }, text);
  const text = `${Math.min(first + 1, total)} – ${Math.min(first + size, total)} / ${total}`;
  $("pages").replaceChildren(...(total > size ? [to(first - size, "←"), h("span", {}, text), to(first + size, "→")] : []));
}
