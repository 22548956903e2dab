// The page: tabs, and what leads from one to another.

import { ask, leaveNotice, onBack, watchNotice } from "./api.js";
import * as add from "./add.js";
import { $ } from "./dom.js";
import * as find from "./find.js";
import * as people from "./people.js";
import { play } from "./player.js";
import { onLanguage, translatePage } from "./texts.js";
import * as videos from "./videos.js";

const TABS = { find, videos, people, add };

/** Show a person who was seen, with what may follow. */
function open(seen) {
  play(seen, [
    { key: "player.search", main: true, run: () => (go("find"), find.searchFor({ tracklet: seen.tracklet })) },
    { key: "player.add", run: () => (go("find"), find.searchFor({ tracklet: seen.tracklet }, false)) },
    { key: "player.video", run: () => (go("videos"), videos.show(seen.video, seen.start)) },
  ]);
}

function go(tab) {
  history.pushState(null, "", `#${tab}`);
  leaveNotice();
  show();
}

/** Show the tab that the address names. */
function show() {
  const name = location.hash.slice(1);
  const tab = name in TABS ? name : "find";
  for (const one of Object.keys(TABS)) {
    $(one).hidden = one !== tab;
    document.querySelector(`nav a[href="#${one}"]`).classList.toggle("here", one === tab);
  }
  for (const [one, view] of Object.entries(TABS)) (one === tab ? view.enter : view.leave)?.();
}

translatePage();
watchNotice();
for (const view of Object.values(TABS)) view.begin({ open, go, searchFor: find.searchFor });
onLanguage(() => Object.values(TABS).forEach((view) => view.render()));
window.onhashchange = () => (leaveNotice(), show());
onBack(show);
$("logout").hidden = !(await ask("about").catch(() => ({}))).locked;
$("logout").onclick = async () => {
  await fetch("/logout", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  location.reload();
};
show();
document.body.dataset.ready = "yes";
