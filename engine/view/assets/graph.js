// The graph: every card, wire and pill is made once, placed in one of two layouts, and painted anew at each step.
const svg = find("graph"), stage = svg.parentElement, map = find("map");
const EDGE = 10; // around the graph
const READABLE = 0.7, LARGEST = 3; // of the size in which a card's text is as large as the page's small print

const isWide = (sign) => /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u.test(sign);
const columns = (signs) => signs.reduce((sum, sign) => sum + (isWide(sign) ? 2 : 1), 0);
function cut(name, most) { // of a dotted name the end says more: layer1.neuron0.w2
  let all = [...name];
  if (columns(all) <= most) return name;
  const isDotted = /^[\w.]+$/.test(name) && name.includes(".");
  while (all.length > 1 && columns(all) > most - 1) all = isDotted ? all.slice(1) : all.slice(0, -1);
  return isDotted ? "…" + all.join("").replace(/^\./, "") : all.join("") + "…";
}

const edgesLayer = make(svg, "g"), cardsLayer = make(svg, "g"), pillsLayer = make(svg, "g"), unfoldedLayer = make(svg, "g"), sparks = make(svg, "g", { id: "sparks" });
svg.classList.toggle("small", cards.length <= 60); // then numbers move to their places, which takes time
for (const edge of edges) for (const bend of ["bend", "bend_down"]) edge[bend] = edge[bend].flatMap((x, i, all) => (i % 2 ? [[all[i - 1], x]] : []));
edges.forEach(makeEdge);
cards.forEach(makeCard);
const pane = make(map, "rect", { class: "pane" });

function makeEdge(edge) {
  const group = make(edgesLayer, "g", { class: "edge", id: `edge-${edge.id}`, "aria-hidden": "true" });
  edge.wire = make(group, "path", { class: "wire" });
  edge.arrow = make(group, "path", { class: "arrow" });
  const pill = make(pillsLayer, "g", { class: "edge", id: `pill-${edge.id}`, role: "img" }), [W, H] = edge.size;
  edge.title = make(pill, "title");
  make(pill, "rect", { class: "pill", x: -W / 2, y: -H / 2, width: W, height: H, rx: 8 });
  edge.localText = make(pill, "text", { class: "local", y: -3.5 });
  edge.contributionText = make(pill, "text", { class: "contribution", y: 11 });
  edge.pill = pill;
  edge.parts = [group, pill];
}
function makeCard(card) {
  const [W, H] = card.size;
  const group = make(cardsLayer, "g", { class: "card" + (card.root ? " root" : ""), id: `card-${card.id}`, tabindex: 0, role: "button" });
  card.title = make(group, "title");
  make(group, "rect", { class: "ground", width: W, height: H, rx: 9 });
  make(group, "path", { class: "head", d: `M1 26V9a8 8 0 0 1 8-8H${W - 9}a8 8 0 0 1 8 8V26z` });
  make(group, "rect", { class: "glow", x: 4, y: 45, width: W - 8, height: 17, rx: 4 });
  let left = 9;
  if (card.symbol) {
    const wide = Math.max(20, 10 + 6.7 * [...card.symbol].length);
    make(group, "rect", { class: "chip", x: 6, y: 5, width: wide, height: 17, rx: 8.5 });
    make(group, "text", { class: "symbol", x: 6 + wide / 2, y: 17.5 }, card.symbol);
    left = wide + 11;
  }
  make(group, "text", { class: "name", x: left, y: 18 }, cut(card.name, card.room));
  card.noteText = make(group, "text", { class: "word right", x: W - 8, y: 17.5 }, card.note);
  make(group, "text", { class: "word", x: 9, y: 41 }, card.sum ? "Σ data" : "data");
  card.dataText = make(group, "text", { class: "data right", x: W - 9, y: 41 });
  make(group, "text", { class: "word", x: 9, y: 57.5 }, card.sum ? "Σ grad" : "grad");
  card.gradText = make(group, "text", { class: "grad right", x: W - 9, y: 57.5 });
  card.terms = make(group, "text", { class: "terms right", x: W - 9, y: 74 });
  make(group, "path", { class: "axis", d: `M9 ${H - 9.5}H${W - 9}M${W / 2} ${H - 13}v7` });
  card.bar = make(group, "rect", { y: H - 11.5, height: 4, rx: 2 });
  make(group, "rect", { class: "box", width: W, height: H, rx: 9 });
  make(group, "circle", { class: "stop", cx: 2, cy: 2, r: 7 });
  card.texts = [...group.querySelectorAll("text")];
  for (const each of card.texts) each.after(" "); // between words, for those who hear them
  card.group = group;
  card.arriving = []; // the edges, as their pills stand
  card.mark = make(map, "rect", { width: W, height: H, rx: 9 });
}

// -- two layouts: from left to right, and from top to bottom, which is the same with x and y exchanged
const LAYOUTS = { across: ["at", "bend", 0], down: ["down", "bend_down", 1] };
let layout = "", scene = {}; // the layout that is shown, and its size
const sizes = Object.fromEntries(Object.keys(LAYOUTS).map((name) => [name, sizeOf(name)]));
arrange(bestLayout());

function sizeOf(name, more = []) { // with boxes that stand over the graph
  const [at, bend] = LAYOUTS[name];
  const bends = edges.flatMap((edge) => edge[bend].map((point) => ({ [at]: point, size: [6, 6] })));
  const boxes = [...cards, ...edges, ...bends, ...more]; // a wire may go around everything
  const side = (axis, way) => boxes.map((box) => box[at][axis] + (way * box.size[axis]) / 2);
  const x0 = Math.min(...side(0, -1)) - EDGE, y0 = Math.min(...side(1, -1)) - EDGE;
  return { x0, y0, wide: Math.max(...side(0, 1)) + EDGE - x0, high: Math.max(...side(1, 1)) + EDGE - y0 };
}
function arrange(name) { // whether that is another layout
  if (name === layout) return false;
  layout = name;
  frame([]);
  const [at, bend, along] = LAYOUTS[name], leaves = ports("node", at, along), arrives = ports("parent", at, along);
  for (const card of cards) {
    const x = card[at][0] - card.size[0] / 2, y = card[at][1] - card.size[1] / 2;
    card.group.setAttribute("transform", `translate(${x} ${y})`);
    card.mark.setAttribute("x", x);
    card.mark.setAttribute("y", y);
  }
  for (const edge of edges) {
    edge.pill.setAttribute("transform", `translate(${edge[at].join(" ")})`);
    placeWire(edge, edge[bend], leaves.get(edge.id), arrives.get(edge.id), at, along);
  }
  return true;
}
function frame(more) { // all that is seen
  scene = sizeOf(layout, more);
  for (const view of [svg, map]) view.setAttribute("viewBox", `${scene.x0} ${scene.y0} ${scene.wide} ${scene.high}`);
}
function ports(key, at, along) { // the edges at one side of a card share the side evenly
  const sides = new Map(), places = new Map(), across = 1 - along;
  for (const edge of edges) sides.set(edge[key], [...(sides.get(edge[key]) || []), edge]);
  for (const [id, edges] of sides) {
    edges.sort((a, b) => a[at][across] - b[at][across] || a.id - b.id);
    if (key === "parent") cards[id].arriving = edges;
    const gap = Math.min(16, (cards[id].size[across] - 30) / Math.max(1, edges.length - 1));
    edges.forEach((edge, i) => places.set(edge.id, cards[id][at][across] + (i - (edges.length - 1) / 2) * gap));
  }
  return places;
}
function placeWire(edge, bends, ay, by, at, along) { // written for the layout from left to right
  const from = cards[edge.node], to = cards[edge.parent], half = edge.size[along] / 2;
  const x = edge[at][along], y = edge[at][1 - along];
  const a = from[at][along] - from.size[along] / 2, b = to[at][along] + to.size[along] / 2;
  const point = (u, w) => (along ? `${w} ${u}` : `${u} ${w}`);
  const curve = (x1, y1, x2, y2) => `C${point((x1 + x2) / 2, y1)} ${point((x1 + x2) / 2, y2)} ${point(x2, y2)}`;
  const isFar = bends.length && a - x - half > 60; // dot's way around the cards in between
  const level = bends.map((bend, i) => point(bend[along], i === 0 ? ay : i === bends.length - 1 ? y : bend[1 - along]));
  const around = isFar ? `C${[...level, point(x + half, y)].join(" ")}` : curve(a, ay, x + half, y);
  edge.wire.setAttribute("d", `M${point(a, ay)}${around}L${point(x - half, y)}${curve(x - half, y, b + 9, by)}`);
  edge.arrow.setAttribute("d", `M${point(b, by)}L${point(b + 11, by - 5)}L${point(b + 11, by + 5)}z`);
}

// -- as large as the window allows; what would be too small to read is scrolled instead
let zoom = 1, onFit = () => {}, onLayout = () => {};
const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
function fitting(name) {
  return Math.min(stage.clientWidth / sizes[name].wide, stage.clientHeight / sizes[name].high);
}
function bestLayout() {
  if (stage.clientWidth < 560) return "down";
  return fitting("down") > 1.15 * fitting("across") && fitting("down") > READABLE ? "down" : "across";
}
function fit() {
  if (arrange(bestLayout())) onLayout();
  if (!stage.clientWidth) return; // in a frame that is not shown yet
  const { wide, high } = scene, smallest = document.body.classList.contains("presenting") ? 20.1 / 10.5 : 0;
  const two = 2 * Math.max(...cards.map((card) => card.size[0])) + 160; // a node, its parent and what is between
  const unit = Math.min(rem() / 15, Math.max(0.6, stage.clientWidth / two));
  const all = Math.min(stage.clientWidth / wide, stage.clientHeight / high), whole = Math.min(all, LARGEST);
  const scale = Math.max(smallest, all < READABLE * unit ? 0.85 * unit : whole) * zoom;
  svg.style.width = `${Math.floor(wide * scale)}px`;
  svg.style.height = `${Math.floor(high * scale)}px`;
  const small = Math.min(0.1 * scale, Math.sqrt((0.03 * stage.clientWidth * stage.clientHeight) / (wide * high)),
    stage.clientWidth / wide, stage.clientHeight / 2 / high);
  map.style.width = `${wide * small}px`;
  map.style.height = `${high * small}px`;
  map.classList.toggle("shown", isLarger());
  stage.classList.toggle("larger", isLarger());
  onFit();
}
const isLarger = () => stage.scrollWidth > stage.clientWidth + 4 || stage.scrollHeight > stage.clientHeight + 4;
function look() { // the part that is in the window, on the map
  if (!svg.clientWidth) return;
  const scale = scene.wide / svg.clientWidth;
  const part = { x: scene.x0 + stage.scrollLeft * scale, y: scene.y0 + stage.scrollTop * scale,
    width: Math.min(scene.wide, stage.clientWidth * scale), height: Math.min(scene.high, stage.clientHeight * scale) };
  for (const [name, length] of Object.entries(part)) pane.setAttribute(name, length);
}
function visit(event) { // the place under the pointer comes to the middle of the window
  const box = map.getBoundingClientRect(), part = (at, low, length) => (at - low) / length;
  stage.scrollTo(part(event.clientX, box.left, box.width) * svg.clientWidth - stage.clientWidth / 2,
    part(event.clientY, box.top, box.height) * svg.clientHeight - stage.clientHeight / 2);
}
map.addEventListener("pointerdown", (event) => { map.setPointerCapture(event.pointerId); visit(event); });
map.addEventListener("pointermove", (event) => { if (map.hasPointerCapture(event.pointerId)) visit(event); });
stage.addEventListener("scroll", look);
function stepAside(some) { // the map stands on the side where it covers none of these cards
  const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  map.classList.remove("left");
  const own = map.getBoundingClientRect();
  map.classList.toggle("left", some.some((card) => meets(card.group.getBoundingClientRect(), own)));
}

function comeIntoView(...groups) { // the first of these groups of cards that has room in the window
  look();
  if (!isLarger()) return;
  const way = groups.map(toTheMiddle).find((direction) => direction);
  if (way) stage.scrollBy({ ...way, behavior: "instant" });
}
function toTheMiddle(some) { // how far it is to where these cards are in the middle
  if (!some.length) return null;
  const boxes = some.map((card) => card.group.getBoundingClientRect()), view = stage.getBoundingClientRect();
  const [left, top] = ["left", "top"].map((edge) => Math.min(...boxes.map((box) => box[edge])));
  const [right, bottom] = ["right", "bottom"].map((edge) => Math.max(...boxes.map((box) => box[edge])));
  if (some.length > 1 && (right - left > view.width || bottom - top > view.height)) return null;
  return { left: (left + right) / 2 - view.left - view.width / 2, top: (top + bottom) / 2 - view.top - view.height / 2 };
}

// -- drag to pan, Ctrl-wheel and two fingers to zoom
const fingers = new Map();
function zoomTo(wanted, x, y) { // the point under the pointer stays where it is
  const box = svg.getBoundingClientRect(), px = (x - box.left) / box.width, py = (y - box.top) / box.height;
  zoom = Math.min(8, Math.max(0.2, wanted));
  const follow = onFit;
  onFit = look;
  fit();
  onFit = follow;
  const after = svg.getBoundingClientRect();
  stage.scrollBy(after.left + px * after.width - x, after.top + py * after.height - y);
}
function spread() {
  const [a, b] = [...fingers.values()];
  return { length: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
let pinch = null, isDragged = false;
stage.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  zoomTo(zoom * Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
}, { passive: false });
stage.addEventListener("pointerdown", (event) => {
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY, from: [event.clientX, event.clientY] });
  isDragged = false;
  if (fingers.size === 2) pinch = { ...spread(), zoom };
});
addEventListener("pointermove", (event) => {
  const last = fingers.get(event.pointerId);
  if (!last) return;
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY, from: last.from });
  if (fingers.size === 2) return zoomTo((pinch.zoom * spread().length) / pinch.length, spread().x, spread().y);
  isDragged = isDragged || Math.hypot(event.clientX - last.from[0], event.clientY - last.from[1]) > 4;
  if (event.pointerType === "mouse" && isDragged) stage.scrollBy(last.x - event.clientX, last.y - event.clientY);
});
for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, (event) => { fingers.delete(event.pointerId); });
