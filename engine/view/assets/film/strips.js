// Every parameter over the epochs: a row for each, a column for each moment.
const strips = find("strips"), stripsStage = find("strips-stage");
let strip = -1, rowHeight = 4, namesWidth = 80; // the chosen row, and how it is laid out in pixels
const isStrips = () => !stripsStage.hidden;
const runScale = new Map();
function largestInRun(quantity) {
  if (!runScale.has(quantity)) runScale.set(quantity, Math.max(...epochs.map((_, k) => largestOf(parameters.map((p) => quantity.of(k, p))))) || 1);
  return runScale.get(quantity);
}
function paintStrips() {
  if (!isStrips()) return;
  const wide = stripsStage.clientWidth, small = 0.75 * rem(), quantity = quantities[by], largest = largestInRun(quantity);
  namesWidth = Math.min(0.3 * wide, 0.62 * small * Math.max(...layers.map((layer) => layer.name.length)) + 16);
  rowHeight = Math.max(2, Math.min(1.6 * small, (stripsStage.clientHeight - 4) / count));
  const high = Math.max(1, Math.min(30000, Math.ceil(rowHeight * count))), sharp = Math.min(high > 8000 ? 1 : 2, devicePixelRatio || 1);
  strips.width = wide * sharp;
  strips.height = high * sharp;
  strips.style.width = `${wide}px`;
  strips.style.height = `${high}px`;
  const context = strips.getContext("2d");
  context.setTransform(sharp, 0, 0, sharp, 0, 0);
  const cells = document.createElement("canvas");
  cells.width = epochs.length;
  cells.height = count;
  const image = cells.getContext("2d").createImageData(epochs.length, count);
  rowsInOrder().forEach((p, row) => epochs.forEach((_, k) => {
    const x = quantity.of(k, p);
    image.data.set([...heat(Math.sign(x) * partOf(x, largest), 1, 0.95), 255], 4 * (row * epochs.length + k));
  }));
  cells.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(cells, namesWidth, 0, wide - namesWidth, high);
  paintRowNames(context, wide, small);
  const x = namesWidth + ((wide - namesWidth) / epochs.length) * index, cell = (wide - namesWidth) / epochs.length;
  context.strokeStyle = css(colours.ink);
  context.lineWidth = 2;
  context.strokeRect(x, 1, Math.max(2, cell), high - 2);
  if (strip >= 0) context.strokeRect(namesWidth + 1, rowsInOrder().indexOf(strip) * rowHeight, wide - namesWidth - 2, Math.max(3, rowHeight));
}
const order = layers.flatMap((layer) => layer.parameters), rowsInOrder = () => order;
function paintRowNames(context, wide, small) {
  let row = 0, free = 0; // where the next name may begin
  const high = rowHeight * count;
  context.fillStyle = css(colours.soft);
  context.font = `${small}px ${getComputedStyle(document.documentElement).getPropertyValue("--mono")}`;
  for (const layer of layers) { // a line between two layers
    context.fillRect(0, row * rowHeight - 0.5, wide, 1);
    row += layer.parameters.length;
  }
  context.clearRect(0, 0, namesWidth - 4, high);
  row = 0;
  for (const layer of layers) {
    const line = Math.min(row * rowHeight + 1.1 * small, high - 3);
    if (line >= free) { context.fillText(layer.name, 2, line, namesWidth - 8); free = line + 1.1 * small; }
    row += layer.parameters.length;
  }
}
function pointedStrip(event) { // which parameter, and which moment
  const box = strips.getBoundingClientRect(), cell = (box.width - namesWidth) / epochs.length;
  const k = Math.floor((event.clientX - box.left - namesWidth) / cell), row = Math.floor((event.clientY - box.top) / rowHeight);
  return { p: order[Math.max(0, Math.min(count - 1, row))], k: Math.max(0, Math.min(last, k)) };
}
function tellStrip() {
  readOut(strip >= 0 && `${names[strip]} = ${threeNumbers(strip)}`, "Point at a strip for its numbers, or choose one by ↑ and ↓.");
}
function chooseStrip(p) {
  strip = p;
  tellStrip();
  paintStrips();
}
strips.addEventListener("pointermove", (event) => chooseStrip(pointedStrip(event).p));
strips.addEventListener("pointerdown", (event) => { const { p, k } = pointedStrip(event); strip = p; go(k); });
function moveStrip(way) {
  chooseStrip(order[Math.max(0, Math.min(count - 1, order.indexOf(strip) + way))]);
  stripsStage.scrollTo({ top: order.indexOf(strip) * rowHeight - stripsStage.clientHeight / 2, behavior: "instant" });
}
