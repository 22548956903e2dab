// The tab that adds videos: uploads, files of the folders, what is being done, and what is there.

import { ask, notice, sendVideo } from "./api.js";
import { $, dropZone, h } from "./dom.js";
import { t, told } from "./texts.js";

const LOOK = 1000; // ms between two looks at what is being done
const MB = 1 << 20;

let limit = null; // of an upload [bytes]
let uploads = []; // { name, part, said, error }
let files = { files: [], more: 0 };
let form = null; // the file whose camera and start are being asked for
let jobs = [];
let videos = [];
let timer = null;

export function begin() {
  dropZone($("drop-video"), $("upload"), (some) => some.forEach(send));
  $("file-name").oninput = render;
}

export async function enter() {
  limit = (await ask("about").catch(() => null))?.limit ?? limit;
  await Promise.all([loadFiles(), look()]);
}

export function leave() {
  clearTimeout(timer);
}

async function loadFiles() {
  files = await ask("files").catch(() => files);
  videos = (await ask("videos", { anew: 1 }).catch(() => ({ videos }))).videos;
  render();
}

/** Show what is being done, and look again in a moment. */
async function look() {
  clearTimeout(timer);
  const busy = jobs.filter(isBusy).length;
  jobs = (await ask("jobs").catch(() => ({ jobs }))).jobs;
  if (jobs.filter(isBusy).length < busy) await loadFiles();
  else renderJobs();
  if (!$("add").hidden) timer = setTimeout(look, LOOK);
}

function isBusy(job) {
  return job.state === "waiting" || job.state === "running";
}

async function send(file) {
  const upload = { name: file.name, part: 0, error: null };
  uploads.unshift(upload);
  const known = limit && file.size > limit;
  if (known) upload.error = { key: "error.too_large", values: { most: Math.round(limit / MB) } };
  renderUploads();
  if (known) return;
  try {
    const said = await sendVideo(file, (part) => ((upload.part = part), renderUploads()));
    uploads = uploads.filter((one) => one !== upload);
    if (!said.complete) form = said.file;
  } catch (said) {
    upload.error = said;
  }
  await loadFiles();
}

async function add(file, values) {
  const said = await ask("add", { file: file.file, ...values }).catch(() => null);
  if (!said) return;
  form = null;
  notice(null);
  render();
  await look();
}

export function render() {
  $("limit").textContent = limit ? t("add.limit", { most: Math.round(limit / MB) }) : "";
  renderUploads();
  renderFiles();
  renderJobs();
  renderTable();
}

function renderUploads() {
  $("uploads").replaceChildren(
    ...uploads.map((one) =>
      h(
        "div",
        { class: "item" },
        h("strong", {}, one.name),
        one.error ? h("p", { class: "wrong" }, told(one.error)) : h("progress", { value: one.part, max: 1 }),
        one.error && h("button", { class: "quiet", onclick: () => ((uploads = uploads.filter((other) => other !== one)), render()) }, t("close")),
      ),
    ),
  );
}

function renderFiles() {
  const words = $("file-name").value.trim().toLowerCase();
  const some = files.files.filter((file) => file.name.toLowerCase().includes(words));
  const rest = files.more ? [h("p", { class: "hint" }, t("add.more", { count: files.more }))] : [];
  const items = some.length ? some.map(fileItem) : [h("p", { class: "hint" }, t("add.no_files"))];
  $("files").replaceChildren(...items, ...rest);
}

function fileItem(file) {
  const isOpen = form === file.file;
  const key = file.begun ? "add.resume" : "add.choose";
  const choose = () => {
    if (file.begun) return add(file, {});
    form = file.file;
    render();
  };
  return h(
    "div",
    { class: `item${isOpen ? " open" : ""}` },
    h("div", { class: "bar" }, h("strong", { title: file.name }, file.name), h("span", { class: "hint" }, file.folder), !isOpen && h("button", { onclick: choose }, t(key))),
    isOpen && fileForm(file),
  );
}

function fileForm(file) {
  const camera = h("input", { value: file.camera, maxlength: "200", required: true });
  const start = h("input", { type: "datetime-local", step: "1" });
  const send = (event) => {
    event.preventDefault();
    add(file, { camera: camera.value, start: start.value });
  };
  return h(
    "form",
    { onsubmit: send },
    h("label", {}, h("span", {}, t("add.camera")), camera),
    h("label", {}, h("span", {}, t("add.start")), start),
    h("p", { class: "hint" }, t("add.start_hint")),
    h("div", { class: "bar" }, h("button", { class: "main" }, t("add.add")), h("button", { class: "quiet", type: "button", onclick: () => ((form = null), render()) }, t("cancel"))),
  );
}

function renderJobs() {
  const shown = [...jobs].reverse();
  $("jobs").replaceChildren(...(shown.length ? shown.map(jobItem) : [h("p", { class: "hint" }, t("add.no_jobs"))]));
}

function jobItem(job) {
  const stop = async () => {
    jobs = (await ask("stop", { number: job.number }).catch(() => ({ jobs }))).jobs;
    renderJobs();
  };
  const text = {
    waiting: () => t("job.waiting"),
    running: () => (job.total ? t("job.running", { rate: job.rate, left: clock(job.left) }) : t("job.busy")),
    stopped: () => t("job.stopped"),
  };
  const said = job.state in text ? text[job.state]() : told(job.said);
  return h(
    "div",
    { class: `item ${job.state}` },
    h("div", { class: "bar" }, h("strong", { title: job.title }, job.title), isBusy(job) && h("button", { class: "quiet", onclick: stop }, t("job.stop"))),
    job.state === "running" && h("progress", job.total ? { value: Math.min(job.done, job.total), max: job.total } : {}),
    h("p", { class: job.state === "failed" ? "wrong" : "hint" }, said),
  );
}

function renderTable() {
  const head = ["camera", "name", "begin", "length", "people"].map((name) => h("th", {}, t(`table.${name}`)));
  const rows = videos.map((one) => {
    const begin = one.begin ? `${one.begin.day} ${one.begin.from}` : "–";
    const length = one.complete ? clock(one.duration) : t("table.unfinished");
    return h("tr", {}, [one.camera, one.name, begin, length, String(one.tracklets)].map((text) => h("td", { title: text }, text)));
  });
  $("table").replaceChildren(h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows));
}

/** Seconds as 1:02:03. */
function clock(seconds) {
  if (seconds === null || seconds === undefined) return "…";
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
