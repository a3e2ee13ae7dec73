// The moments of the run as numbers, and what the model gives over the plane of its two inputs at one of them.
const { names, epochs } = data, count = names.length, last = epochs.length - 1;
const decoded = (text, Kind) => new Kind(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer);
const weights = decoded(data.weights, Float64Array), gradients = decoded(data.gradients, Float32Array);
const losses = data.loss.map(number), validation = data.validation.map(number);

const quantities = { // what colours a wire, a rim and a strip: of parameter p at moment k
  weight: { of: (k, p) => weights[k * count + p], name: "w", title: "the weight" },
  gradient: { of: (k, p) => gradients[k * count + p], name: "∂C/∂w", title: "the gradient" },
  change: { of: (k, p) => (k ? weights[k * count + p] - weights[(k - 1) * count + p] : 0), name: "Δw", title: "the change" },
};
const { weight, gradient, change } = quantities;
const parameters = names.map((_, p) => p);
const largestOf = (numbers) => numbers.reduce((most, x) => (Number.isFinite(x) && Math.abs(x) > most ? Math.abs(x) : most), 0);
const largestWeight = weights.reduce((most, x) => (Number.isFinite(x) && Math.abs(x) > most ? Math.abs(x) : most), 0) || 1;
function scaleOf(quantity, k) { // weights are compared over the run, gradients and changes within a moment
  return quantity === weight ? largestWeight : largestOf(parameters.map((p) => quantity.of(k, p))) || 1;
}
function partOf(x, largest) { // the root of a number's part of the largest: small ones are seen too
  return x === x ? Math.sqrt(Math.min(1, Math.abs(x) / largest)) : 1;
}

// -- layers: what the names of parameters begin with
const layerName = (name) => (name.includes(".") ? name.split(".")[0] : name.replace(/\d+$/, "") || name);
const layers = [];
for (const p of parameters) {
  const name = layerName(names[p]), layer = layers.find((layer) => layer.name === name);
  if (layer) layer.parameters.push(p);
  else layers.push({ name, parameters: [p] });
}
for (const layer of layers) layer.norms = epochs.map((_, k) => Math.hypot(...layer.parameters.map((p) => gradient.of(k, p))));

// -- the plane: every node's number in each of CELLS × CELLS cells
const plane = data.plane, CELLS = count > 20000 ? 32 : 64;
const values = program ? new Float64Array(data.size) : null; // inputs, parameters, then what is computed
const middle = ([low, high], cell) => low + ((high - low) * (cell + 0.5)) / CELLS;
const watched = new Set(plane ? [...plane.outputs, ...(data.network ? data.network.circles.map((circle) => circle.node) : [])].filter((node) => node >= 0) : []);
const fields = { at: -1, of: new Map([...watched].map((node) => [node, new Float64Array(CELLS * CELLS)])) };
function answer(k, x, y) { // all nodes at one point, at moment k
  values.set(weights.subarray(k * count, (k + 1) * count), 2);
  values[0] = x;
  values[1] = y;
  program(values);
  return values;
}
function fieldsAt(k) {
  if (fields.at === k) return fields.of;
  values.set(weights.subarray(k * count, (k + 1) * count), 2);
  const kept = [...fields.of], [across, up] = plane.range;
  for (let row = 0; row < CELLS; row += 1) {
    for (let column = 0; column < CELLS; column += 1) {
      values[0] = middle(across, column);
      values[1] = middle(up, CELLS - 1 - row); // the first row is on top
      program(values);
      for (const [node, field] of kept) field[row * CELLS + column] = values[node];
    }
  }
  fields.at = k;
  return fields.of;
}

// -- colours, read from the page: they are others in the dark and on paper
let colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement), read = (name) => hex(style.getPropertyValue(name).trim());
  colours = { pos: read("--pos"), neg: read("--neg"), nan: read("--nan"), ground: read("--card"), ink: read("--ink"), soft: read("--soft"), line: read("--line"), page: read("--page") };
  const isDark = colours.page[0] < 128, classes = ["#a43f00", "#0062a3", "#1b7f4b", "#7c3aed", "#b3126a", "#8a6d00", "#00838f", "#6d4c41"].map(hex);
  colours.classes = classes.map((colour) => (isDark ? mixed(colour, [255, 255, 255], 0.45) : colour));
}
function hex(text) { // #abc or #aabbcc
  const digits = text.length === 4 ? [...text.slice(1)].map((digit) => digit + digit) : text.slice(1).match(/../g);
  return digits.map((pair) => parseInt(pair, 16));
}
const mixed = (from, to, part) => from.map((x, i) => x + (to[i] - x) * part);
const css = (colour) => `rgb(${colour.map(Math.round).join(" ")})`;
function heat(x, largest, most = 0.8) { // from the ground to the colour of the sign
  if (x !== x) return mixed(colours.ground, colours.nan, most);
  return mixed(colours.ground, x < 0 ? colours.neg : colours.pos, most * Math.min(1, Math.abs(x) / largest));
}
