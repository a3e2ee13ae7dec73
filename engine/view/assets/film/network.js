// The network: circles and wires where draw(view="network") has them, stretched to the window.
const stage = find("stage"), svg = find("network"), answers = find("answers"), HIT = 2000;
const shape = data.network || { circles: [], wires: [], captions: [] };
const wiresLayer = make(svg, "g"), circlesLayer = make(svg, "g"), textLayer = make(svg, "g", { "aria-hidden": "true" });
const THUMB = 32; // cells of what a neuron gives, across

const wires = shape.wires.map(([from, to, parameter, path], id) => {
  const group = make(wiresLayer, "g", { class: "wire", "data-wire": id });
  const points = path.match(/-?[\d.]+/g).map(Number), line = make(group, "path", { class: "line" });
  const hit = shape.wires.length <= HIT ? make(group, "path", { class: "hit" }) : null; // easier to point at
  return { from, to, parameter, points, line, hit, group, title: make(group, "title") };
});
const circles = shape.circles.map((circle, id) => {
  const isButton = circle.kind !== "constant";
  const group = make(circlesLayer, "g", { class: `circle ${circle.kind}`, "data-circle": id, ...(isButton ? { tabindex: 0, role: "button" } : {}) });
  const made = { ...circle, id, group, title: make(group, "title"), rim: make(group, "circle", { class: "rim" }), ring: make(group, "circle", { class: "ring" }) };
  made.text = make(group, "text", { class: "inside" });
  made.incoming = wires.filter((wire) => wire.to === id);
  return made;
});
const xs = circles.map((circle) => circle.at[0]), ys = circles.map((circle) => circle.at[1]);
const extent = { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
const labelled = circles.filter((circle) => circle.kind !== "neuron");
for (const circle of labelled) circle.label = make(textLayer, "text", { class: "label" }, circle.name.length > 12 ? circle.name.slice(0, 11) + "…" : circle.name);
const captions = shape.captions.map(([circle, words]) => ({ circle, text: make(textLayer, "text", { class: "caption" }, words) }));
let radius = 15, wide = 1, high = 1, place = (x, y) => [x, y];
const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);

function layOut() { // to the size of the stage; a row is never lower than a finger can tell apart
  const isLabelled = labelled.some((circle) => circle.column === 0), small = 0.75 * rem();
  const longest = Math.max(0, ...labelled.filter((circle) => circle.at[0] === extent.left).map((circle) => [...circle.label.textContent].length));
  const rows = (extent.bottom - extent.top) / 52, least = (rows + 1) * 20 + 50, isScrolled = least > stage.offsetHeight;
  stage.style.overflow = isScrolled ? "auto" : "hidden";
  [wide, high] = [isScrolled ? stage.clientWidth : stage.offsetWidth, Math.max(stage.offsetHeight, least)];
  const columns = Math.max(1, new Set(circles.map((circle) => circle.column)).size - 1);
  const left = (isLabelled ? 0.62 * small * longest : 0) + 14, top = captions.length ? 2.1 * small : 8;
  radius = Math.max(5, Math.min(1.55 * rem(), (0.44 * (high - top - 10)) / (rows + 1), (0.19 * (wide - left)) / columns));
  const across = (wide - left - 2 * radius - 14) / Math.max(1, extent.right - extent.left), gap = (high - top - 2 * radius - 12) / Math.max(52, extent.bottom - extent.top);
  const down = Math.min(gap, (4 * radius) / 52), rest = high - top - 2 * radius - 12 - down * (extent.bottom - extent.top);
  place = (x, y) => [left + radius + (x - extent.left) * across, top + radius + 4 + rest / 2 + (y - extent.top) * down];
  if (extent.right === extent.left) place = (x, y) => [left + (wide - left) / 2, top + radius + 4 + rest / 2 + (y - extent.top) * down];
  mark(svg, "viewBox", `0 0 ${wide} ${high}`);
  svg.style.width = answers.style.width = `${wide}px`;
  svg.style.height = answers.style.height = `${high}px`;
  const sharp = Math.min(3, devicePixelRatio || 1);
  answers.width = wide * sharp;
  answers.height = high * sharp;
  circles.forEach((circle) => placeCircle(circle, small));
  wires.forEach(placeWire);
  for (const caption of captions) {
    const x = place(...circles[caption.circle].at)[0], half = 0.31 * small * caption.text.textContent.length;
    mark(caption.text, "x", Math.max(half + 2, Math.min(wide - half - 4, x)));
    mark(caption.text, "y", 1.15 * small);
  }
}
function placeCircle(circle, small) {
  const [x, y] = (circle.centre = place(...circle.at));
  for (const [part, r] of [[circle.rim, radius], [circle.ring, radius + 4]]) for (const [name, value] of [["cx", x], ["cy", y], ["r", r]]) mark(part, name, value);
  mark(circle.text, "x", x);
  mark(circle.text, "y", y + 0.34 * Math.min(small, 0.75 * radius));
  circle.text.style.fontSize = `${Math.min(small, 0.75 * radius)}px`;
  if (!circle.label) return;
  const isFirst = circle.at[0] === extent.left;
  mark(circle.label, "x", isFirst ? x - radius - 6 : x);
  mark(circle.label, "y", isFirst ? y + 0.33 * small : y - radius - 6);
  mark(circle.label, "text-anchor", isFirst ? "end" : "middle");
}
function placeWire(wire) { // it begins and ends at the rims
  const points = [], all = wire.points;
  for (let i = 0; i < all.length; i += 2) points.push(place(all[i], all[i + 1]));
  points[0] = [circles[wire.from].centre[0] + radius, circles[wire.from].centre[1]];
  points[points.length - 1] = [circles[wire.to].centre[0] - radius, circles[wire.to].centre[1]];
  const shown = points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  const d = `M${shown[0]}C${shown.slice(1).join(" ")}`;
  mark(wire.line, "d", d);
  if (wire.hit) mark(wire.hit, "d", d);
}

// -- the numbers of a moment
function threeNumbers(p) { // of a parameter, at the moment that is shown
  const before = index ? `, change since epoch ${epochs[index - 1]} ${signed(change.of(index, p))}` : "";
  return `${text(weight.of(index, p))}, ∂C/∂${shortName(p)} ${text(gradient.of(index, p))}${before}`;
}
const shortName = (p) => names[p].split(".").pop();
function wireWords(wire) {
  const ends = `${circles[wire.from].name} → ${circles[wire.to].name}`;
  return wire.parameter < 0 ? ends : `${ends}: ${shortName(wire.parameter)} = ${threeNumbers(wire.parameter)}`;
}
function circleWords(circle) {
  if (circle.kind === "input") return `${circle.name}: an input`;
  if (circle.kind === "neuron" || circle.bias < 0) {
    const what = circle.operation ? `${circle.name}: ${circle.operation}` : circle.name;
    return circle.bias < 0 ? what : `${what}; ${shortName(circle.bias)} = ${threeNumbers(circle.bias)}`;
  }
  return `${circle.name} = ${threeNumbers(circle.bias)}`;
}
function paintNetwork() {
  const quantity = quantities[by], largest = scaleOf(quantity, index);
  const thick = Math.max(2, Math.min(6, 0.32 * radius)) * (wires.length > 120 ? 0.8 : 1), fade = wires.length > 120 ? 2.4 : 1.5; // many wires hide each other
  for (const wire of wires) {
    const isWeight = wire.parameter >= 0, x = isWeight ? quantity.of(index, wire.parameter) : 0, part = partOf(x, largest);
    wire.part = part;
    mark(wire.line, "class", `line ${isWeight ? sign(x) : "plain"}`);
    mark(wire.line, "stroke-width", isWeight ? (0.5 + thick * part).toFixed(2) : 1);
    mark(wire.line, "stroke-opacity", isWeight ? (0.06 + 0.88 * part ** fade).toFixed(3) : 0.7);
  }
  if (wires.length <= HIT) for (const wire of [...wires].sort((a, b) => a.part - b.part)) wiresLayer.append(wire.group); // the strongest on top
  for (const circle of circles) {
    const x = circle.bias < 0 ? 0 : quantity.of(index, circle.bias), words = circleWords(circle);
    mark(circle.rim, "class", `rim ${circle.bias < 0 ? "none" : sign(x)}`);
    mark(circle.rim, "stroke-width", (1.2 + 2.6 * (circle.bias < 0 ? 0 : partOf(x, largest))).toFixed(2));
    write(circle.title, words);
    if (circle.group.hasAttribute("role")) mark(circle.group, "aria-label", words);
    write(circle.text, hasAnswer(circle) || circle.bias < 0 ? "" : fitted(quantity.of(index, circle.bias)));
    circle.group.classList.toggle("chosen", circle.id === chosen);
  }
  paintAnswers();
  write(find("legend"), legend(quantity, largest));
}
function fitted(x) { // two digits or so
  const size = Math.abs(x), minus = x < 0 ? MINUS : "";
  if (!Number.isFinite(x)) return text(x);
  if (size === 0) return "0";
  if (size >= 9999 || size < 0.005) return minus + size.toExponential(0).replace("+", "");
  return minus + (size < 9.995 ? size.toFixed(2).replace(/^0/, "") : size.toFixed(0));
}
function legend(quantity, largest) {
  const rest = quantity === weight ? "over the whole run" : quantity === gradient ? "at this epoch" : index ? `since epoch ${epochs[index - 1]}` : "";
  if (quantity === change && !index) return "Nothing has changed yet: this is the start.";
  const where = isStrips() ? "Strips" : "Wires and rims";
  const inside = plane && program && !isStrips() ? " In a circle: what the neuron gives over the plane." : "";
  return `${where}: ${quantity.words}, orange where positive, blue and dashed where negative; the strongest is ${text(largest)}${rest && ", "}${rest}.${inside}`;
}

// -- what each neuron gives over the plane, in its circle
const hasAnswer = (circle) => Boolean(plane && program && circle.node >= 0 && circle.kind !== "leaf");
const thumb = document.createElement("canvas");
thumb.width = thumb.height = THUMB;
function paintAnswers() {
  const context = answers.getContext("2d"), sharp = answers.width / wide;
  context.setTransform(sharp, 0, 0, sharp, 0, 0);
  context.clearRect(0, 0, answers.width, answers.height);
  const found = plane && program ? fieldsAt(index) : null;
  for (const circle of circles) {
    const [x, y] = circle.centre;
    context.save();
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = css(colours.ground);
    context.fill();
    if (found && hasAnswer(circle)) {
      context.clip();
      paintThumb(found.get(circle.node), circle.output.length ? plane.level : 0);
      context.imageSmoothingEnabled = true;
      context.drawImage(thumb, x - radius, y - radius, 2 * radius, 2 * radius);
    }
    context.restore();
  }
}
function paintThumb(field, level) {
  const context = thumb.getContext("2d"), image = context.createImageData(THUMB, THUMB), step = CELLS / THUMB;
  const largest = largestOf(field.map((x) => x - level)) || 1;
  for (let i = 0; i < THUMB * THUMB; i += 1) {
    const row = Math.floor(i / THUMB) * step, x = field[row * CELLS + (i % THUMB) * step] - level;
    image.data.set([...heat(x, largest), 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}
