// The tab that finds a person: samples of the person, where and when to look, and who is similar.

import { ask, sendPicture } from "./api.js";
import { card } from "./cards.js";
import { $, debounced, dropZone, h } from "./dom.js";
import { scene } from "./scene.js";
import { t } from "./texts.js";

const STEP = 0.01; // of the threshold's slider
const NARROW = matchMedia("(max-width: 760px)");

let page; // what leads to other tabs
let about = null; // cameras, threshold
let samples = []; // { sample, thumbnail, look }: what is asked with
let chooser = null; // the uploaded picture in which a person is to be chosen
let answers = null;
let cameras = new Set();
let asked = 0; // number of the last question: an answer that comes late is not shown

export function begin(given) {
  page = given;
  dropZone($("drop"), $("pictures"), takePictures);
  window.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (files.length && !$("find").hidden) takePictures(files);
  });
  $("threshold").step = STEP;
  $("filters").open = !NARROW.matches;
  NARROW.onchange = () => ($("filters").open = !NARROW.matches);
  const again = debounced(150, search);
  $("threshold").oninput = () => (renderThreshold(), again());
  for (const id of ["since", "until"]) $(id).onchange = again;
}

export async function enter() {
  const fresh = await ask("about").catch(() => null);
  if (!fresh) return;
  if (!about) $("threshold").value = fresh.threshold ?? 0;
  about = fresh;
  cameras = new Set([...cameras].filter((camera) => about.cameras.includes(camera)));
  const kind = about.dated ? "datetime-local" : "text";
  for (const id of ["since", "until"]) {
    if ($(id).type === kind) continue;
    $(id).type = kind;
    $(id).step = "1";
  }
  render();
}

/** Ask for the person of a sample; not alone: together with the samples that are there. */
export async function searchFor(sample, alone = true, look = null) {
  const { thumbnail } = await ask("sample", sample);
  if (alone) samples = [];
  samples.push({ sample, thumbnail, look });
  chooser = null;
  render();
  await search();
}

async function takePictures(files) {
  for (const file of files) {
    const look = await sendPicture(file).catch(() => null);
    if (!look) continue;
    const [one] = look.boxes;
    if (look.whole) await searchFor({ picture: look.picture }, false, look).catch(() => null);
    else if (look.boxes.length === 1 && look.sure) {
      await searchFor({ picture: look.picture, box: one }, false, look).catch(() => null);
    } else {
      chooser = look;
      render();
    }
  }
}

async function search() {
  const number = ++asked;
  if (!samples.length) {
    answers = null;
    return render();
  }
  const question = {
    samples: samples.map(({ sample }) => sample),
    cameras: [...cameras],
    since: $("since").value,
    until: $("until").value,
    threshold: threshold(),
  };
  const said = await ask("ask", question).catch(() => null);
  if (!said || number !== asked) return;
  answers = said.answers;
  render();
}

export function render() {
  renderSamples();
  renderThreshold();
  if (about) {
    $("cameras").replaceChildren(...about.cameras.map(cameraChip));
    for (const id of ["since", "until"]) $(id).placeholder = t("find.clock");
  }
  $("scene").hidden = !chooser;
  $("scene").replaceChildren(...(chooser ? chooserParts() : []));
  const sure = answers?.filter((answer) => answer.sure) ?? [];
  const unsure = answers?.filter((answer) => !answer.sure) ?? [];
  $("answers").replaceChildren(...sure.map((answer) => card(answer, () => page.open(answer))));
  $("unsure").replaceChildren(...unsure.map((answer) => card(answer, () => page.open(answer))));
  $("summary").textContent = summary(sure);
  $("summary").classList.toggle("large", !answers || !sure.length);
  $("unsure-summary").textContent = unsure.length ? t("find.unsure") : "";
}

function summary(sure) {
  if (chooser && !answers) return "";
  if (!answers) return about && !about.tracklets ? t("find.empty") : t("find.begin");
  if (!sure.length) return t("find.unknown");
  return t(sure.length === 1 ? "find.found_one" : "find.found", { count: sure.length });
}

function renderSamples() {
  $("samples").replaceChildren(
    ...samples.map((one) => {
      const drop = () => {
        samples = samples.filter((other) => other !== one);
        search();
      };
      const again = () => {
        chooser = { ...one.look, replaces: one };
        render();
      };
      return h(
        "div",
        { class: "sample" },
        h("img", { src: one.thumbnail, alt: "", onclick: one.look && !one.look.whole ? again : null }),
        h("button", { onclick: drop, title: t("find.drop_sample"), "aria-label": t("find.drop_sample") }, "✕"),
      );
    }),
  );
}

/** The least similarity; where the slider is at the calibrated one, that, with all its digits. */
function threshold() {
  const value = Number($("threshold").value);
  const calibrated = about?.threshold ?? null;
  if (calibrated !== null && Math.abs(value - calibrated) <= STEP / 2) return calibrated;
  return value || -1;
}

function renderThreshold() {
  const value = Number($("threshold").value);
  $("threshold-value").textContent = value.toFixed(2);
  if (!about) return;
  const calibrated = about.threshold;
  const key = calibrated === null ? "find.not_calibrated" : threshold() < calibrated ? "find.below" : "find.calibrated";
  $("threshold-hint").textContent = t(key, { value: (calibrated ?? 0).toFixed(2) });
}

function cameraChip(camera) {
  const toggle = () => {
    if (!cameras.delete(camera)) cameras.add(camera);
    render();
    search();
  };
  return h("button", { class: `chip${cameras.has(camera) ? " on" : ""}`, onclick: toggle, title: camera }, camera);
}

/** The uploaded picture of several people, or of none that was found. */
function chooserParts() {
  const look = chooser;
  const choose = ({ box }) => {
    if (look.replaces) samples = samples.filter((one) => one !== look.replaces);
    const { replaces, ...plain } = look;
    searchFor({ picture: look.picture, box }, false, plain).catch(() => null);
  };
  const key = !look.boxes.length ? (about?.finds ? "scene.nobody" : "scene.draw") : look.sure ? "scene.choose" : "scene.maybe";
  const all = () => searchFor({ picture: look.picture }, false, { ...look, whole: true }).catch(() => null);
  const close = () => ((chooser = null), render());
  return [
    h("p", { class: "summary" }, t(key)),
    scene({
      src: `/picture/${look.picture}`,
      width: look.width,
      height: look.height,
      boxes: look.boxes.map((box) => ({ box, sure: look.sure })),
      choose,
    }),
    h(
      "div",
      { class: "bar" },
      h("button", { onclick: all }, t("scene.whole")),
      h("button", { class: "quiet", onclick: close }, t("cancel")),
    ),
  ];
}

