// Requests. What goes wrong is one line at the top of the page.

import { $ } from "./dom.js";
import { onLanguage, told } from "./texts.js";

const AGAIN = 2000; // ms until a server that is gone is asked again
const SHOWN = 6000; // ms for which good news stay
const listeners = [];
let shown = null; // what the line at the top says
let fading = null; // the timer of good news
let gone = null; // the timer while a server is gone

/** Ask the program: POST /api/<name>. Throws once the line at the top says why it failed. */
export async function ask(name, values = {}) {
  const body = JSON.stringify(values);
  return answered(await sent(`/api/${name}`, "POST", "application/json", body));
}

/** Send a picture. */
export async function sendPicture(file) {
  return answered(await sent("/upload/picture", "PUT", "application/octet-stream", file));
}

/** Send a video; `progress` is called with the part that is sent, 0 to 1. Throws what the program says. */
export function sendVideo(file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/upload/video?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (event) => progress(event.loaded / event.total);
    request.onload = () => (request.status === 200 ? resolve(request.response) : reject(request.response || {}));
    request.onerror = () => reject({ key: "error.program_gone" });
    request.send(file);
  });
}

/** Show a line at the top: what an answer says; null: nothing. */
export function notice(said) {
  shown = said;
  clearTimeout(fading);
  if (said?.good) fading = setTimeout(notice, SHOWN, null);
  $("notice").textContent = said ? told(said) : "";
  $("notice").hidden = !said;
  $("notice").classList.toggle("good", Boolean(said?.good));
}

/** Show no line any longer that is about what was done in another tab. */
export function leaveNotice() {
  if (!gone) notice(null);
}

/** Call a function when a server that was gone is back. */
export function onBack(listener) {
  listeners.push(listener);
}

export function watchNotice() {
  onLanguage(() => notice(shown));
}

async function sent(address, method, kind, body) {
  try {
    return await fetch(address, { method, headers: { "Content-Type": kind }, body });
  } catch {
    throw waitFor({ key: "error.program_gone" });
  }
}

async function answered(answer) {
  const said = await answer.json().catch(() => ({ error: `HTTP ${answer.status}` }));
  if (answer.ok) {
    if (!gone && shown && !shown.good) notice(null);
    return said;
  }
  if (said.key === "error.login") location.reload();
  if (said.key === "error.server_gone") throw waitFor(said);
  notice(said);
  throw said;
}

/** Say that a server is gone, and ask until it is back. */
function waitFor(said) {
  notice(said);
  gone ??= setTimeout(lookAgain, AGAIN);
  return said;
}

async function lookAgain() {
  const answer = await fetch("/api/about", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ anew: 1 }),
  }).catch(() => null);
  if (answer?.status === 401) return location.reload();
  if (!answer?.ok) return void (gone = setTimeout(lookAgain, AGAIN));
  gone = null;
  notice({ key: "back", good: true });
  listeners.forEach((listener) => listener());
}
