// The numbers beside the pictures: each layer's gradient and largest change, or the weights of a neuron.
function paintPanel() {
  const circle = circles[chosen], table = find("table");
  find("close").hidden = !circle;
  write(find("panel-title"), circle ? circle.name : `Layers: gradient${index ? `, and change since epoch ${epochs[index - 1]}` : " at the start"}`);
  table.replaceChildren();
  if (circle) paintNeuron(table, circle);
  else paintLayers(table);
}
function row(table, kind, cells) {
  const tr = element(table, "tr");
  cells.forEach((cell, i) => {
    const td = element(tr, kind === "th" || i === 0 ? "th" : "td", kind === "th" ? { scope: "col" } : i === 0 ? { scope: "row" } : {});
    if (typeof cell === "number") td.className = sign(cell);
    if (cell instanceof Element) td.append(cell);
    else td.textContent = typeof cell === "number" ? text(cell) : cell;
  });
  return tr;
}
function paintLayers(panel) {
  const table = element(panel, "table");
  row(element(table, "thead"), "th", ["layer", "‖∂C/∂w‖", "over the run", "largest change"]);
  const body = element(table, "tbody");
  for (const layer of layers) {
    const most = layer.parameters.reduce((best, p) => (Math.abs(change.of(index, p)) > Math.abs(change.of(index, best)) ? p : best), layer.parameters[0]);
    const tail = names[most].startsWith(layer.name + ".") ? names[most].slice(layer.name.length + 1) : names[most];
    const tr = row(body, "td", [layer.name, text(layer.norms[index]), spark(layer.norms), index ? "" : "–"]);
    if (!index) continue;
    element(tr.lastChild, "span", { class: sign(change.of(index, most)) }, signed(change.of(index, most)));
    element(tr.lastChild, "span", { class: "soft" }, ` ${tail}`);
  }
}
const norms = layers.flatMap((layer) => layer.norms).filter((x) => Number.isFinite(x) && x > 0);
const highest = Math.max(...norms), lowest = Math.max(Math.min(...norms), 1e-6 * highest); // of the small curves
function spark(numbers) { // a small curve on a logarithmic scale, with the moment on it
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), x = (k) => 3 + (94 * k) / Math.max(1, last);
  const part = (number) => Math.log(Math.max(lowest, Math.min(highest, number)) / lowest) / (Math.log(highest / lowest) || 1), y = (number) => 21 - 18 * part(number);
  mark(svg, "viewBox", "0 0 100 24");
  mark(svg, "class", "spark");
  mark(svg, "aria-hidden", "true");
  if (!norms.length) return svg;
  make(svg, "polyline", { points: numbers.map((each, k) => (Number.isFinite(each) ? `${x(k).toFixed(1)},${y(each).toFixed(1)}` : "")).join(" ").trim() });
  if (Number.isFinite(numbers[index])) make(svg, "circle", { cx: x(index), cy: y(numbers[index]), r: 3 });
  return svg;
}
function paintNeuron(panel, circle) {
  const mine = circle.incoming.filter((wire) => wire.parameter >= 0).map((wire) => [circles[wire.from].name, wire.parameter]);
  if (circle.bias >= 0) mine.push(["", circle.bias]);
  if (!mine.length) return void element(panel, "p", { class: "soft" }, circle.kind === "input" ? "An input: it has no parameters." : "It has no parameters of its own.");
  const table = element(panel, "table");
  row(element(table, "thead"), "th", ["parameter", "from", "number", "∂C/∂…", "change"]);
  const body = element(table, "tbody");
  for (const [from, p] of mine) row(body, "td", [shortName(p), from, weight.of(index, p), gradient.of(index, p), index ? change.of(index, p) : "–"]);
}
