"use strict";

for (const button of document.querySelectorAll(".reveal")) {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const show = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? "Hide" : "Show";
    button.setAttribute("aria-label", visible ? "Hide password" : "Show password");
  };
  button.addEventListener("click", () => show(input.type === "password"));
  // Browsers remember what was typed into text fields, and managers look for a password field: submit as one.
  input.form.addEventListener("submit", () => show(false));
  button.hidden = false;
}

for (const button of document.querySelectorAll(".copy")) {
  if (!navigator.clipboard) break;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  button.hidden = false;
}

const enable = (form, enabled) => {
  for (const button of form.querySelectorAll("[type=submit]")) button.disabled = !enabled;
};

for (const form of document.forms) {
  form.addEventListener("submit", () => {
    // Later, because a disabled button would not send its own name and value.
    setTimeout(() => enable(form, false));
    // An answer that opens an app on this device leaves the page standing.
    setTimeout(() => enable(form, true), 8000);
  });
  addEventListener("pageshow", () => enable(form, true));
}

// Where autofocus works on any element, the page has done this already.
if (!("autofocus" in HTMLElement.prototype)) document.getElementById("error-summary")?.focus();
