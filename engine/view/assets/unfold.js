// A neuron or a layer unfolds at its card: what it computes, and an edge for every contribution inside.
const BOX = [104, 52], TAG = [78, 30], PITCH = 58, STRIDE = BOX[0] + TAG[0] + 48; // sizes, in the units of the graph
const TERMS = 12; // of a neuron, or neurons of a layer, that are shown

function termsInside({ sum, products }) { // weight, input, and the edges to both
  const start = starts[sum - firstNode], parents = parentsOf(sum), n = (parents.length - 1) / 2;
  if (!products.length) return parents.slice(0, n).map((w, k) => ({ w, x: parents[n + k], toW: start + k, toX: start + n + k }));
  return products.map(([i, slot]) => ({ w: parentsOf(i)[slot], x: parentsOf(i)[1 - slot], toW: starts[i - firstNode] + slot, toX: starts[i - firstNode] + 1 - slot }));
}
const titleOf = (i) => nodes.names[i] || text(now.v[i]);
function shortTitle(title, card) { // without the name of the card; what is called as the card is its last operation
  if (!title.startsWith(card.name)) return title;
  return title.slice(card.name.length).replace(/^\./, "") || called(card.outputs[0]);
}
const ofNode = (i) => ({ title: titleOf(i), data: () => now.v[i], grad: () => now.grads[i], isConstant: constants.has(i) });

function insideOfNeuron({ sum, output, bias, ...use }) { // columns: operands, products, sum, activation
  const terms = termsInside({ sum, ...use }), shown = terms.slice(0, TERMS), boxes = [], wires = [];
  const box = (column, row, what, isOutside = false) => boxes.push({ column, row, isOutside, ...what }) - 1;
  const wire = (from, to, local, sent) => wires.push({ from, to, local, sent });
  const middle = shown.length - 0.5 + (bias.length ? 0.5 : 0), z = box(2, middle, ofNode(sum));
  if (output !== sum) {
    const edge = starts[output - firstNode];
    wire(box(3, middle, ofNode(output)), z, () => now.slopes[edge], () => now.contributions[edge]);
  }
  shown.forEach(({ w, x, toW, toX }, k) => {
    const grad = () => now.grads[sum];
    const product = box(1, 2 * k + 0.5, { title: "", factors: [w, x], data: () => now.v[w] * now.v[x], grad });
    wire(z, product, () => 1, grad);
    wire(product, box(0, 2 * k, ofNode(w)), () => now.slopes[toW], () => now.contributions[toW]);
    wire(product, box(0, 2 * k + 1, ofNode(x), true), () => now.slopes[toX], () => now.contributions[toX]);
  });
  if (bias.length) {
    const edge = starts[bias[0] - firstNode] + bias[1];
    wire(z, box(0, 2 * shown.length, ofNode(parentsOf(bias[0])[bias[1]])), () => now.slopes[edge], () => now.contributions[edge]);
  }
  return { boxes, wires, more: terms.length - shown.length };
}
function insideOfLayer(uses) { // columns: what comes in, a box for each neuron
  const boxes = [], wires = [], shown = uses.slice(0, TERMS), inputs = [...new Set(shown.flatMap((use) => termsInside(use).map(({ x }) => x)))].slice(0, TERMS);
  const middle = (xs) => (Math.max(shown.length, inputs.length) - xs.length) / 2;
  inputs.forEach((x, k) => boxes.push({ column: 0, row: k + middle(inputs), isOutside: true, ...ofNode(x) }));
  shown.forEach((use, k) => {
    const from = boxes.push({ column: 1, row: k + middle(shown), ...ofNode(use.output) }) - 1, edge = starts[use.output - firstNode];
    for (const { w, x, toX } of termsInside(use).filter((term) => inputs.includes(term.x))) {
      const local = () => (use.output === use.sum ? 1 : now.slopes[edge]) * now.slopes[toX];
      wires.push({ from, to: inputs.indexOf(x), local, sent: () => now.contributions[toX], w });
    }
  });
  return { boxes, wires, more: uses.length - shown.length };
}
function toggleUnfolded(card) {
  if (!card || !card.inside.length) return;
  if (card.unfolded) card.unfolded.group.remove();
  card.unfolded = card.unfolded ? null : makeUnfolded(card);
  surround();
  fit();
  paint(index);
  if (card.unfolded) card.unfolded.group.scrollIntoView({ block: "nearest", inline: "nearest" });
}
function makeUnfolded(card) {
  const inside = card.uses.length === 1 ? insideOfNeuron(card.uses[0]) : insideOfLayer(card.uses), { boxes, wires, more } = inside;
  const last = (key) => Math.max(...boxes.map((box) => box[key]));
  const W = last("column") * STRIDE + BOX[0] + 24, H = last("row") * PITCH + BOX[1] + 40 + (more ? 16 : 0);
  const group = make(unfoldedLayer, "g", { class: "unfolded", role: "img" });
  make(group, "rect", { class: "sheet", width: W, height: H, rx: 11 });
  make(group, "text", { class: "word", x: 12, y: 18 }, `inside ${card.name}`);
  if (more) make(group, "text", { class: "word", x: 12, y: H - 9 }, `and ${more} more`);
  const layer = make(group, "g");
  for (const box of boxes) {
    box.title = (box.factors ? box.factors.map(titleOf) : [box.title]).map((title) => shortTitle(title, card)).join("·");
    makeBox(box, group);
  }
  for (const [key, other] of [["from", "to"], ["to", "from"]]) spreadEnds(inside, key, other);
  for (const wire of wires) makeInnerWire(wire, layer, card.uses.length === 1);
  group.addEventListener("dblclick", () => toggleUnfolded(card));
  return { ...inside, group, size: [W, H] };
}
function makeBox(box, group) {
  const [x, y] = [12 + box.column * STRIDE, 28 + box.row * PITCH], [W, H] = BOX;
  Object.assign(box, { x, y });
  make(group, "rect", { class: box.isOutside ? "inner outside" : "inner", x, y, width: W, height: H, rx: 7 });
  make(group, "text", { class: "name", x: x + 7, y: y + 15 }, cut(box.title, 11));
  make(group, "text", { class: "word", x: x + 7, y: y + 30 }, "data");
  box.dataText = make(group, "text", { class: "data right", x: x + W - 7, y: y + 30 });
  make(group, "text", { class: "word", x: x + 7, y: y + 45 }, "grad");
  box.gradText = make(group, "text", { x: x + W - 7, y: y + 45 });
}
function spreadEnds({ boxes, wires }, key, other) { // over the side of a box, in the order of the boxes at the other end
  boxes.forEach((box, i) => {
    const ending = wires.filter((wire) => wire[key] === i).sort((a, b) => boxes[a[other]].row - boxes[b[other]].row);
    ending.forEach((wire, k) => { wire[`${key}End`] = [box.x + (key === "to" ? BOX[0] : 0), box.y + (BOX[1] * (k + 1)) / (ending.length + 1)]; });
  });
}
function makeInnerWire(wire, layer, hasPill) {
  const [[x1, y1], [x2, y2]] = [wire.fromEnd, wire.toEnd], [W, H] = TAG, x = x2 + 22 + W / 2, turn = x1 - 26; // it comes down in front of the child alone
  const curve = (a, b, c, d) => `M${a} ${b}C${(a + c) / 2} ${b} ${(a + c) / 2} ${d} ${c} ${d}`;
  wire.group = make(layer, "g", { class: "edge" });
  wire.title = make(wire.group, "title");
  wire.path = make(wire.group, "path", { class: "wire", d: hasPill ? `${curve(x1, y1, turn, y2)}H${x2 + 8}` : curve(x1, y1, x2 + 8, y2) });
  make(wire.group, "path", { class: "arrow", d: `M${x2} ${y2}l10 -4.5v9z` });
  if (!hasPill) return;
  make(wire.group, "rect", { class: "pill", x: x - W / 2, y: y2 - H / 2, width: W, height: H, rx: 7 });
  wire.localText = make(wire.group, "text", { class: "local", x, y: y2 - 3 });
  wire.sentText = make(wire.group, "text", { class: "contribution", x, y: y2 + 10 });
}
function standing(card, name) { // the middle of what unfolds: under its card
  const [x, y] = card[LAYOUTS[name][0]], [W, H] = card.unfolded.size;
  return [x + (W - card.size[0]) / 2, y + (card.size[1] + H) / 2 - 3];
}
function surround() { // the graph grows by what stands over it
  const open = cards.filter((card) => card.unfolded);
  frame(open.map((card) => ({ [LAYOUTS[layout][0]]: standing(card, layout), size: card.unfolded.size })));
  for (const card of open) {
    const [x, y] = standing(card, layout), [W, H] = card.unfolded.size;
    card.unfolded.group.setAttribute("transform", `translate(${x - W / 2} ${y - H / 2})`);
  }
}
function showUnfolded() { // grads inside are there once the card has been visited
  const visited = new Set(frames.slice(0, index + 1).filter(({ kind }) => kind === "visit" || kind === "skip").map(({ node }) => node));
  for (const card of cards.filter((each) => each.unfolded)) paintInside(card.unfolded, visited.has(card.id), card);
}
function paintInside({ boxes, wires, group }, isVisited, card) {
  for (const box of boxes) {
    const grad = isVisited ? box.grad() : 0;
    write(box.dataText, text(box.data()));
    write(box.gradText, box.isConstant ? "–" : text(grad));
    mark(box.gradText, "class", `grad right ${sign(grad)}`);
  }
  for (const wire of wires) {
    const local = `× ${text(wire.local())}`, sent = isVisited ? wire.sent() : 0, adds = isVisited ? signed(sent) : "";
    mark(wire.group, "class", `edge${isVisited ? ` sent ${sign(sent)}-edge` : ""}`);
    mark(wire.path, "stroke-width", isVisited ? 1.2 + 2.4 * Math.abs(partOf(sent)) : 1.2);
    write(wire.title, `from ${boxes[wire.from].title} to ${boxes[wire.to].title}: ${local}${isVisited ? ` = ${adds}` : ""}`);
    if (!wire.localText) continue;
    write(wire.localText, local);
    write(wire.sentText, adds);
    mark(wire.sentText, "class", `contribution ${sign(sent)}`);
  }
  const told = boxes.map((box) => `${box.title} ${box.dataText.textContent}, grad ${box.gradText.textContent}`);
  mark(group, "aria-label", `inside ${card.name}: ${told.join("; ")}`);
}

const unfoldChosen = () => toggleUnfolded(cards[selected]);
afterPainting.push(showUnfolded);
onLayout = () => { surround(); paint(index); };
keys.u = unfoldChosen;
find("value-unfold").addEventListener("click", unfoldChosen);
for (const card of cards) card.group.addEventListener("dblclick", () => toggleUnfolded(card));
