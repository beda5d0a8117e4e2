/**
 * Makes a list of cards one stop of the Tab key. Arrow keys move between the buttons: left and right to the next one, up
 * and down to the same button of the card above or below, Home and End to the first and the last card.
 *
 * @param {HTMLElement} list
 */
export function listenToArrowKeys(list) {
  list.addEventListener("focusin", ({ target }) => {
    for (const other of list.querySelectorAll('button[tabindex="0"]')) other.setAttribute("tabindex", "-1");
    target.setAttribute("tabindex", "0");
  });
  list.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const next = neighbour(list, event.target, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

function neighbour(list, button, key) {
  const cards = [...list.children];
  const card = cards.findIndex((one) => one.contains(button));
  const all = [...list.querySelectorAll("button")];
  const same = [...cards[card].querySelectorAll("button")].indexOf(button);
  const at = (index) => cards[index]?.querySelectorAll("button")[same];
  switch (key) {
    case "ArrowRight":
      return all[all.indexOf(button) + 1];
    case "ArrowLeft":
      return all[all.indexOf(button) - 1];
    case "ArrowDown":
      return at(card + columns(cards));
    case "ArrowUp":
      return at(card - columns(cards));
    case "Home":
      return at(0);
    case "End":
      return at(cards.length - 1);
  }
}

/** How many cards stand side by side. */
function columns(cards) {
  const below = cards.findIndex((card) => card.offsetTop > cards[0].offsetTop);
  return below < 0 ? cards.length : below;
}
