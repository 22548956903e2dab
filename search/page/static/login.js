import { t, told, translatePage } from "./texts.js";

translatePage();
const wrong = document.getElementById("wrong");

document.getElementById("form").onsubmit = async (event) => {
  event.preventDefault();
  wrong.hidden = true;
  const password = document.getElementById("password").value;
  try {
    const answer = await fetch("/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ password }),
    });
    if (answer.ok) return location.reload();
    wrong.textContent = told(await answer.json());
  } catch {
    wrong.textContent = t("error.program_gone");
  }
  wrong.hidden = false;
};
