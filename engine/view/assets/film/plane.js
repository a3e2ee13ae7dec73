// The decision boundary: what an output or a neuron gives over the plane, as colours, with the examples.
const figure = find("plane-figure"), ground = find("plane"), marks = find("plane-marks"), CLASSES = "classes";
const distinct = plane ? [...new Set(plane.targets.map(String))].map(Number).sort((a, b) => a - b) : [];
const isBinary = distinct.length === 2 && distinct.every((x) => x === x);
const isOfClasses = Boolean(plane && plane.outputs.length > 1 && plane.targets.length && distinct.every((x) => Number.isInteger(x) && x >= 0 && x < plane.outputs.length));
let strongest = 1; // of what the first output gives at the end: the scale of the film

function preparePlane() {
  const isShown = Boolean(plane && program);
  find("plane-section").hidden = !isShown;
  document.body.classList.toggle("without-plane", !isShown);
  if (!isShown) return;
  const choices = plane.outputs.map((_, i) => [String(i), `output ${i}`]);
  if (isOfClasses) choices.unshift([CLASSES, "the largest: the class"]);
  for (const [value, caption] of choices) element(find("output"), "option", { value }, caption);
  find("output-label").hidden = choices.length < 2;
}
function prepareScale() {
  const sizes = [...fieldsAt(last).get(plane.outputs[0])].map((x) => Math.abs(x - plane.level)).filter(Number.isFinite).sort((a, b) => a - b);
  strongest = sizes[Math.floor(0.9 * (sizes.length - 1))] || 1;
}
function paintPlane() {
  if (!plane || !program) return;
  const byNode = fieldsAt(index), circle = circles[preview >= 0 ? preview : chosen], of = find("output").value;
  const isNeuron = circle && hasAnswer(circle) && circle.kind !== "input" && !circle.output.length, isOfAll = !isNeuron && of === CLASSES;
  const node = isNeuron ? circle.node : plane.outputs[isOfAll ? 0 : Number(of)];
  const field = byNode.get(node), level = isNeuron ? 0 : plane.level;
  const largest = isNeuron ? largestOf(field) || 1 : strongest;
  write(find("plane-title"), isNeuron ? `What ${circle.name} gives` : isBinary || isOfClasses ? "Decision boundary" : "What the model gives");
  if (isOfAll) paintCells((i) => colourOfClass(winner(byNode, i)));
  else paintCells((i) => heat(field[i] - level, largest, 0.62));
  marks.replaceChildren();
  const lines = isOfAll ? plane.outputs.map((_, k) => lead(byNode, k)) : isNeuron || !(isBinary || isOfClasses) ? [] : [field.map((x) => x - level)];
  for (const each of lines) make(marks, "path", { class: "boundary", d: contour(each) });
  if (isNeuron && circle.operation === "") make(marks, "path", { class: "boundary thin", d: contour(field) });
  plane.points.forEach((point, i) => paintPoint(point, plane.targets[i], isOfAll ? null : Number(of)));
  paintAxes();
  write(find("right"), isBinary || isOfClasses ? `${rightOnes()} of ${plane.points.length} right` : "");
}
function rightOnes() { // of the examples, as nn.accuracy counts them
  return plane.points.filter(([x, y], i) => {
    const given = answer(index, x, y), scores = plane.outputs.map((node) => given[node]);
    return scores.length > 1 ? scores.indexOf(Math.max(...scores)) === plane.targets[i] : scores[0] > plane.level === (plane.targets[i] === distinct[1]);
  }).length;
}
const winner = (byNode, i) => plane.outputs.reduce((best, node, k) => (byNode.get(node)[i] > byNode.get(plane.outputs[best])[i] ? k : best), 0);
const colourOfClass = (k) => mixed(colours.ground, colours.classes[k % colours.classes.length], 0.4);
function lead(byNode, k) { // by how much an output is ahead of all others
  return byNode.get(plane.outputs[k]).map((x, i) => x - Math.max(...plane.outputs.filter((_, j) => j !== k).map((node) => byNode.get(node)[i])));
}
function paintCells(colourOf) {
  const cells = document.createElement("canvas"), sharp = Math.min(3, devicePixelRatio || 1);
  cells.width = cells.height = CELLS;
  const context = cells.getContext("2d"), image = context.createImageData(CELLS, CELLS);
  for (let i = 0; i < CELLS * CELLS; i += 1) image.data.set([...colourOf(i), 255], 4 * i);
  context.putImageData(image, 0, 0);
  const [wide, high] = planeSize();
  ground.width = wide * sharp;
  ground.height = high * sharp;
  ground.style.width = `${wide}px`;
  ground.style.height = `${high}px`;
  const to = ground.getContext("2d");
  to.imageSmoothingQuality = "high";
  to.drawImage(cells, 0, 0, ground.width, ground.height);
  mark(marks, "viewBox", `0 0 ${wide} ${high}`);
}
function planeSize() {
  return [Math.max(60, figure.clientWidth), Math.max(60, figure.clientHeight)];
}
function onPlane(x, y) { // from numbers to pixels
  const [wide, high] = planeSize(), [[left, right], [low, top]] = plane.range;
  return [((x - left) / (right - left)) * wide, high - ((y - low) / (top - low)) * high];
}
function paintPoint([x, y], target, output) {
  const [px, py] = onPlane(x, y), r = Math.max(3, Math.min(5.5, 0.28 * rem())), list = Array.isArray(target) ? target : null;
  const isHigh = list ? list[output ?? 0] > 0.5 : plane.outputs.length > 1 ? target === output : isBinary ? target === distinct[1] : target > plane.level;
  const isSquare = (isBinary || plane.outputs.length > 1) && output !== null && !isHigh;
  let colour = isHigh ? colours.pos : colours.neg;
  if (target === undefined) colour = colours.soft;
  else if (output === null) colour = colours.classes[target % colours.classes.length];
  else if (!isBinary && !isOfClasses && !list) colour = heat(target - plane.level, strongest, 1);
  const style = { class: isBinary || isOfClasses || target === undefined ? "point" : "point measured", fill: css(colour) };
  if (isSquare) make(marks, "rect", { ...style, x: px - 0.9 * r, y: py - 0.9 * r, width: 1.8 * r, height: 1.8 * r });
  else make(marks, "circle", { ...style, cx: px, cy: py, r });
}
function paintAxes() {
  const [wide, high] = planeSize(), [across, up] = plane.range, [first, second] = plane.inputs;
  make(marks, "text", { class: "axis", x: wide - 6, y: high - 6, "text-anchor": "end" }, `${first} → ${short(across[1])}`);
  make(marks, "text", { class: "axis", x: 6, y: high - 6 }, `${short(across[0])}, ${short(up[0])}`);
  make(marks, "text", { class: "axis", x: 6, y: 0.95 * rem() }, `${second} ↑ ${short(up[1])}`);
}
const short = (x) => text(Number(x.toPrecision(2)));
function contour(field) { // where a field is 0: a line through each square of four neighbouring cells
  const [wide, high] = planeSize(), at = (row, column) => field[row * CELLS + column], parts = [];
  const pixel = (row, column) => `${(((column + 0.5) / CELLS) * wide).toFixed(1)} ${(((row + 0.5) / CELLS) * high).toFixed(1)}`;
  for (let row = 0; row < CELLS - 1; row += 1) {
    for (let column = 0; column < CELLS - 1; column += 1) {
      const corners = [[row, column], [row, column + 1], [row + 1, column + 1], [row + 1, column]], ends = [];
      corners.forEach(([r, c], i) => {
        const [r2, c2] = corners[(i + 1) % 4], a = at(r, c), b = at(r2, c2);
        if (a > 0 !== b > 0) ends.push(pixel(r + ((r2 - r) * a) / (a - b), c + ((c2 - c) * a) / (a - b)));
      });
      for (let i = 0; i + 1 < ends.length; i += 2) parts.push(`M${ends[i]}L${ends[i + 1]}`);
    }
  }
  return parts.join("");
}
