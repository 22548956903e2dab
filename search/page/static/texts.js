// What the page says, in the language that its user has chosen, or that of the browser.

const TEXTS = await (await fetch("/static/texts.json")).json();
const listeners = [];

export let language =
  localStorage.getItem("language") || (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

/** The text of a key; {name} in it is replaced by the value of that name. */
export function t(key, values = {}) {
  const text = TEXTS[key]?.[language] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** What an error says: in the user's language if the page knows it, else as the program says it. */
export function told(said) {
  return said.key ? t(said.key, said.values) : said.error;
}

/** Call a function now and whenever the language has changed. */
export function onLanguage(listener) {
  listeners.push(listener);
  listener();
}

/** Put texts into what has the attribute data-t or data-placeholder, and let a button switch the language. */
export function translatePage() {
  const button = document.getElementById("language");
  button.onclick = () => {
    language = language === "en" ? "zh" : "en";
    localStorage.setItem("language", language);
    listeners.forEach((listener) => listener());
  };
  onLanguage(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    document.title = t("title");
    button.textContent = t("language");
    for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
    for (const element of document.querySelectorAll("[data-placeholder]")) {
      element.placeholder = t(element.dataset.placeholder);
    }
  });
}
