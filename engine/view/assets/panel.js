// Beside the graph: the leaves, whose numbers can be changed; the chosen value; help.
const tabs = ["leaves", "value", "learn", "help"];
function openTab(name) { // "" closes the panel
  for (const tab of tabs) {
    find(tab).hidden = tab !== name;
    find(`tab-${tab}`).setAttribute("aria-expanded", String(tab === name));
  }
  find("panel").hidden = name === "";
  document.body.classList.toggle("beside", name !== "");
}
const openedTab = () => tabs.find((tab) => !find(tab).hidden) || "";
for (const tab of tabs) find(`tab-${tab}`).addEventListener("click", () => openTab(openedTab() === tab ? "" : tab));

// -- leaves
const SHOWN = 60; // rows at a time; the others are found by their names
const leaves = data.leaves.map((leaf) => ({ ...leaf, card: cards.find((card) => card.outputs[0] === leaf.node && card.leaf) }));
const original = recorded.data.slice(0, firstNode), current = [...original];
const isChanged = (i) => !Object.is(current[i], original[i]);

function change(values) { // pairs of a node and its number; everything else follows
  for (const [i, x] of values) if (Number.isFinite(x)) current[i] = x;
  const isOriginal = original.every((_, i) => !isChanged(i));
  find("note").textContent = isOriginal ? data.note : "";
  if (isOriginal) return renew(numbersOf(recorded.data, recorded.slopes));
  renew(numbersOf(forward(current), slopesNow()));
}
const reset = () => change(leaves.map((leaf) => [leaf.node, original[leaf.node]]));

function makeRow(leaf) {
  const row = element(find("rows"), "div", { class: "leaf" }), id = `leaf-${leaf.node}`;
  element(row, "label", { for: id, title: leaf.name }, leaf.name);
  const x = current[leaf.node];
  leaf.typed = element(row, "input", { id, type: "number", step: 0.1, value: Number(x.toPrecision(6)) });
  leaf.slider = element(row, "input", { type: "range", step: 0.05, "aria-label": `${leaf.name}, drag` });
  leaf.was = element(row, "span", { class: "was" });
  setRange(leaf);
  leaf.typed.addEventListener("input", () => change([[leaf.node, leaf.typed.valueAsNumber]]));
  leaf.slider.addEventListener("input", () => change([[leaf.node, leaf.slider.valueAsNumber]]));
  leaf.slider.addEventListener("change", () => setRange(leaf));
}
function setRange(leaf) { // 3 around the number, or from 0 to twice it; pushed to its end it grows
  const x = current[leaf.node], half = Math.max(3, Math.abs(x)), { min, max } = leaf.slider;
  const isInside = min !== "" && x - min > 0.02 * half && max - x > 0.02 * half;
  if (isInside) return;
  leaf.slider.min = x - half;
  leaf.slider.max = x + half;
  leaf.slider.value = x;
}
function listLeaves() { // those whose names have what is looked for
  const wanted = leaves.length > SHOWN ? find("find").value.toLowerCase() : "";
  const matching = leaves.filter((leaf) => leaf.name.toLowerCase().includes(wanted));
  for (const leaf of leaves) leaf.typed = leaf.slider = null;
  find("rows").replaceChildren();
  matching.slice(0, SHOWN).forEach(makeRow);
  find("more").textContent = matching.length > SHOWN ? `${SHOWN} of ${matching.length} leaves: find shows those with a part of a name` : "";
  showLeaves();
}
function showLeaves() {
  for (const leaf of leaves) {
    const x = current[leaf.node], was = isChanged(leaf.node) ? `was ${text(original[leaf.node])}` : "";
    if (leaf.card) {
      write(leaf.card.noteText, was || leaf.card.note);
      leaf.card.group.classList.toggle("changed", was !== "");
    }
    if (!leaf.typed) continue;
    leaf.was.textContent = was;
    if (document.activeElement !== leaf.typed) leaf.typed.value = Number(x.toPrecision(6));
    if (document.activeElement !== leaf.slider) setRange(leaf);
    leaf.slider.value = x;
  }
  find("reset").disabled = current.every((_, i) => !isChanged(i));
}

// -- the chosen value: its sum, its place, its expression; the difference quotient beside its grad
function select(card) {
  selected = card.id;
  for (const each of cards) each.group.classList.toggle("selected", each === card);
  openTab("value");
  paint(index);
}
const besides = (card) => (card.inside.length ? card.name : nodes.names[card.outputs[0]]); // its name beside ∂
function origin(edge) { // where a contribution comes from
  const child = cards[edge.node], by = edge.operand ? `(${edge.operand})` : besides(cards[edge.parent]);
  return `from ${child.name}    ${edge.count || `∂${besides(child)}/∂${by} = ${localText(edge, now)}`}`;
}
function quotient(card) { // (f(x + h) - f(x - h)) / 2h, with the graph computed again from there
  const [i] = card.outputs, x = now.v[i], h = Math.cbrt(Number.EPSILON) * Math.max(1, Math.abs(x));
  const at = (y) => {
    const values = [...current];
    if (i < firstNode) values[i] = y;
    else program.v[i] = y;
    return forward(values, i)[nodes.root];
  };
  const slope = (at(x + h) - at(x - h)) / (x + h - (x - h));
  forward(current);
  return slope;
}
function checkText(card) {
  if (!program || card.outputs.length > 1) return "";
  const slope = quotient(card), grad = now.grad[card.id];
  const isClose = Math.abs(slope - grad) <= 1e-6 * Math.max(1, Math.abs(slope), Math.abs(grad));
  return `Check: (f(x + h) − f(x − h)) / 2h = ${text(slope)}, ${isClose ? "the same" : "not the same: a kink, or h is too small"}`;
}
function showValue() {
  const card = cards[selected];
  find("value-name").textContent = card ? card.name : "Choose a value: click its card.";
  find("value-tip").textContent = card ? fill(card.tip, now) : "";
  const place = card && !card.inside.length && placeOf(card.outputs[0]);
  find("value-place").textContent = place ? `made at ${place}` : "";
  find("value-break").hidden = !card;
  find("value-unfold").hidden = !card || !card.inside.length;
  find("value-unfold").setAttribute("aria-pressed", String(Boolean(card && card.unfolded)));
  find("value-sum").replaceChildren();
  find("value-inside").replaceChildren();
  find("value-check").textContent = card ? checkText(card) : "";
  if (!card) return;
  find("value-break").setAttribute("aria-pressed", String(breakpoints.has(card.id)));
  element(find("value-sum"), "p", {}, `grad = ${text(now.grad[card.id])}`);
  for (const [x, edge] of termsOf(card)) element(find("value-sum"), "p", { class: sign(x) }, `${signed(x)}  ${edge ? origin(edge) : "the seed"}`);
  const idle = new Set([card, ...card.arriving.map((edge) => cards[edge.node])].filter((each) => !each.leaf && isIdle(each)));
  for (const each of idle) element(find("value-sum"), "p", {}, `${each.name} sends nothing, for ${reasonOf(each)}`);
  const list = card.inside.length ? element(find("value-inside"), "dl") : null;
  for (const i of card.inside.slice(0, SHOWN)) {
    element(list, "dt", {}, nodes.names[i]);
    element(list, "dd", {}, `data ${text(now.v[i])}, grad ${text(now.grads[i])}`);
  }
}
for (const card of cards) {
  card.group.addEventListener("click", (event) => {
    if (isDragged) return;
    if (event.target.classList.contains("stop")) toggleBreakpoint(card);
    else select(card);
  });
  card.group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    select(card);
  });
  card.group.addEventListener("pointerenter", () => showPath(card));
  card.group.addEventListener("pointerleave", () => showPath(null));
}
function showPath(card) { // all ways from a value to the root
  const on = new Set(card ? [card.id] : []);
  for (const each of card ? cards : []) if (edgesOf[each.id].some((edge) => on.has(edge.parent))) on.add(each.id);
  for (const edge of edges) {
    edge.isOnPath = on.has(edge.parent) && on.has(edge.node);
  }
  paint(index);
}

// -- help: the names that only this page has
for (const [name, meaning] of data.names) {
  element(find("names"), "dt", {}, name);
  element(find("names"), "dd", {}, meaning);
}
