// A dialog that plays a person's way, and leads on from there.

import { called, when } from "./cards.js";
import { $, h } from "./dom.js";
import { t, told } from "./texts.js";

/**
 * Play what was seen.
 *   seen     { tracklet, video, camera, from, to, day, end, thumbnail, ... }
 *   actions  [{ key, run }]: buttons
 */
export function play(seen, actions) {
  const dialog = $("player");
  const hint = h("p", { class: "hint" }, t("player.loading"));
  const film = h("video", { controls: true, autoplay: true, muted: true, loop: true, playsinline: "" });
  film.onloadeddata = () => hint.remove();
  film.onerror = async () => {
    // The element does not say why; the answer does.
    const answer = await fetch(film.src).catch(() => null);
    hint.textContent = answer?.ok ? t("player.cannot") : told(answer ? await answer.json() : { key: "error.program_gone" });
    film.replaceWith(h("img", { class: "still", src: seen.thumbnail, alt: "" }));
  };
  film.src = `/clip/${encodeURIComponent(seen.tracklet)}?until=${seen.end}`;
  const close = h("button", { class: "quiet close", onclick: () => dialog.close(), title: t("player.close") }, "✕");
  const label = called(seen.person, seen.person_name);
  dialog.replaceChildren(
    h("div", { class: "bar" }, h("h2", {}, seen.camera), h("span", { class: "time" }, when(seen)), close),
    label ? h("p", { class: "who" }, label) : "",
    film,
    hint,
    h(
      "div",
      { class: "bar" },
      actions.map(({ key, run, main }) =>
        h("button", { class: main ? "main" : "", onclick: () => (dialog.close(), run()) }, t(key)),
      ),
    ),
  );
  dialog.onclick = (event) => event.target === dialog && dialog.close();
  dialog.onclose = () => (film.removeAttribute("src"), film.load(), dialog.replaceChildren());
  dialog.showModal();
}
