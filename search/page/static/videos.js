// The tab that shows a video's frames, with who is in them.

import { ask } from "./api.js";
import { called, card } from "./cards.js";
import { $, debounced, h } from "./dom.js";
import { scene } from "./scene.js";
import { t } from "./texts.js";

let page;
let list = [];
let wanted = null; // fingerprint of the video to show
let video = null; // the one that is shown
let now = { people: [], clock: null }; // who is there at the time of the slider
let moved = 0; // number of the last move: what comes late is not shown
let film = null; // while it plays

export function begin(given) {
  page = given;
  $("video").onchange = () => show($("video").value);
  const look = debounced(80, lookAt);
  $("seek").oninput = () => (stop(), look());
  for (const button of document.querySelectorAll("[data-step]")) {
    button.onclick = () => seek(Number($("seek").value) + Number(button.dataset.step));
  }
  $("play").onclick = () => (film ? stop(true) : playOn());
  $("next-person").onclick = next;
  $("strip").onclick = (event) => seek((event.offsetX / $("strip").clientWidth) * (video?.length ?? 0));
}

export async function enter() {
  const said = await ask("videos").catch(() => null);
  if (!said) return;
  list = said.videos;
  renderList();
  if (!wanted && list.length) await show(list[0].video);
  else render();
}

export function leave() {
  stop();
}

/** Show a video at a time of the gallery [seconds]; without one, where somebody is seen first. */
export async function show(fingerprint, time = null) {
  stop();
  wanted = fingerprint;
  const said = await ask("video", { video: fingerprint }).catch(() => null);
  if (!said || wanted !== fingerprint) return;
  video = said;
  if (!list.some((one) => one.video === video.video)) list = [...list, video];
  $("seek").max = video.length;
  $("seek").step = video.step;
  renderList();
  const first = Math.max(0, video.seen.findIndex((count) => count > 0));
  const begin = time === null ? ((first + 0.5) / video.seen.length) * video.length : time - (video.begin?.start ?? 0) + 0.5;
  await seek(begin);
}

async function seek(time) {
  stop();
  $("seek").value = time;
  await lookAt();
}

async function lookAt() {
  if (!video) return;
  const number = ++moved;
  const time = Number($("seek").value);
  const said = await ask("moment", { video: video.video, time }).catch(() => null);
  if (!said || number !== moved) return;
  now = { ...said, time };
  render();
}

/** Go to where the next person comes into view. */
function next() {
  if (!video) return;
  const { seen, length } = video;
  const here = Math.floor((Number($("seek").value) / length) * seen.length);
  for (let part = Math.max(1, here + 1); part < seen.length; part++) {
    if (seen[part] > seen[part - 1]) return void seek(((part + 0.5) / seen.length) * length);
  }
}

function playOn() {
  if (!video?.file) return;
  const start = Number($("seek").value);
  film = h("video", { autoplay: true, muted: true, controls: true, playsinline: "", src: `/film/${video.video}?time=${start}` });
  film.ontimeupdate = () => film && ($("seek").value = start + film.currentTime);
  film.onended = () => stop(true);
  $("stage").replaceChildren(film);
  renderButtons();
}

function stop(look = false) {
  if (!film) return;
  film.ontimeupdate = film.onended = null;
  film = null;
  renderButtons();
  if (look) lookAt();
  else render();
}

export function render() {
  renderButtons();
  $("video-hint").textContent = !list.length ? t("videos.none") : video && !video.file ? t("videos.no_file") : "";
  for (const id of ["stage", "strip", "seek"]) $(id).hidden = !video;
  if (!video) return;
  renderStrip();
  const clock = now.clock;
  $("clock").textContent = clock ? [clock.day, clock.from].filter(Boolean).join(" ") : "";
  const people = now.people.map((one) => ({ ...one, label: called(one.person, one.person_name) }));
  $("present-summary").textContent = people.length ? t("videos.present") : t("videos.nobody");
  $("present").replaceChildren(...people.map((one) => card(one, () => page.open(one))));
  if (film || now.time === undefined) return;
  $("stage").hidden = !video.file;
  if (!video.file) return;
  const choose = (one) => {
    if (one.tracklet) return page.open(one);
    page.go("find");
    page.searchFor({ video: video.video, time: now.time, box: one.box }).catch(() => null);
  };
  $("stage").replaceChildren(
    scene({
      src: `/frame/${video.video}?time=${now.time.toFixed(3)}`,
      width: video.width,
      height: video.height,
      boxes: people,
      choose,
    }),
    h("p", { class: "hint" }, t("videos.hint")),
  );
}

function renderButtons() {
  $("play").textContent = t(film ? "videos.stop" : "videos.play");
  $("play").disabled = !video?.file;
}

function renderList() {
  const groups = new Map();
  for (const one of list) groups.set(one.camera, [...(groups.get(one.camera) ?? []), one]);
  $("video").replaceChildren(
    ...[...groups].map(([camera, some]) =>
      h(
        "optgroup",
        { label: camera },
        some.map((one) => {
          const begin = one.begin ? `${one.begin.day} ${one.begin.from} · ` : "";
          return h("option", { value: one.video, selected: one.video === video?.video }, begin + one.name);
        }),
      ),
    ),
  );
}

/** Where in the video people are seen, the more, the darker. */
function renderStrip() {
  const canvas = $("strip");
  const context = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  const most = Math.max(1, ...video.seen);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = style.getPropertyValue("--accent");
  video.seen.forEach((count, part) => {
    const high = (canvas.height - 4) * (count ? 0.3 + (0.7 * count) / most : 0);
    context.fillRect((part / video.seen.length) * canvas.width, canvas.height - high, canvas.width / video.seen.length + 0.5, high);
  });
}
