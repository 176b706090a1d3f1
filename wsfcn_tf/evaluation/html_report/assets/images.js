"use strict";

// A reader whose browser runs no script sees all stages of an image side by side.
document.documentElement.classList.add("js");

// --- Images: a slider that blends each stage into the next, and a button for each stage ---

function prepare(figure) {
  const slider = figure.querySelector("input[type=range]");
  const pictures = [...figure.querySelectorAll(".picture")];
  const buttons = [...figure.querySelectorAll(".stages button")];
  const last = pictures.length - 1;

  function show(position) {
    const below = Math.min(Math.floor(position), last);
    const nearest = Math.round(position);
    pictures.forEach((picture, stage) => {
      const opacity = stage === below ? 1 : stage === below + 1 ? position - below : 0;
      picture.style.opacity = opacity;
      picture.style.visibility = opacity > 0 ? "visible" : "hidden";
      // A blend is read aloud as the picture it mostly is.
      picture.setAttribute("aria-hidden", String(stage !== nearest));
    });
    buttons.forEach((button, stage) => button.setAttribute("aria-pressed", String(stage === nearest)));
    slider.value = position;
    slider.setAttribute("aria-valuetext", buttons[nearest].textContent);
  }

  const back = { ArrowLeft: -1, ArrowDown: -1, PageDown: -1, Home: -last };
  const steps = { ...back, ArrowRight: 1, ArrowUp: 1, PageUp: 1, End: last };
  slider.addEventListener("input", () => show(Number(slider.value)));
  slider.addEventListener("keydown", (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    const stage = Math.round(Number(slider.value)) + steps[event.key];
    show(Math.max(0, Math.min(last, stage)));
  });
  buttons.forEach((button, stage) => button.addEventListener("click", () => show(stage)));
  show(Number(slider.value));
}

document.querySelectorAll(".example").forEach(prepare);

for (const button of document.querySelectorAll(".all button")) {
  button.addEventListener("click", () => {
    for (const other of document.querySelectorAll(".example .stages button")) {
      if (other.dataset.stage === button.dataset.stage) other.click();
    }
  });
}
