// The loss over the epochs, on a linear or a logarithmic scale; a click goes to an epoch.
const curve = find("curve"), curveFigure = find("curve-figure");
let isLog = false;
const finite = (numbers) => numbers.filter(Number.isFinite);
const best = validation.length ? validation.indexOf(Math.min(...finite(validation))) + 1 : 0; // its epoch
const canBeLog = finite([...losses, ...validation]).every((x) => x > 0) && losses.some((x) => x > 0);
function ticks(low, high, most) { // round numbers between two
  const raw = (high - low) / most, power = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].find((x) => x * power >= raw) * power, ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i += 1) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}
function decades(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const digit of high / low > 300 ? [1] : high / low > 8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7]) ticks.push(Number((digit * 10 ** power).toPrecision(3)));
  }
  return ticks.filter((x) => x >= 0.999 * low && x <= 1.001 * high);
}
function scales() {
  const wide = Math.max(80, curveFigure.clientWidth), high = Math.max(60, curveFigure.clientHeight), small = 0.75 * rem();
  const shown = finite([...losses, ...validation]), most = Math.max(...shown, isLog ? 1e-300 : 0), least = isLog ? Math.min(...shown) : Math.min(0, ...shown);
  const span = isLog ? Math.log(most / least) || 1 : most - least || 1, first = epochs[0], length = epochs[last] - first || 1;
  const yTicks = isLog ? decades(least, most) : ticks(least, most, Math.max(2, Math.min(8, high / (2.4 * small))));
  const left = 0.62 * small * Math.max(...yTicks.map((x) => text(x).length), 2) + 10, bottom = high - 1.7 * small, top = 8, right = wide - 12;
  const part = (x) => (isLog ? Math.log(x / least) : x - least) / span;
  return { wide, high, small, left, right, bottom, top, yTicks, x: (epoch) => left + ((epoch - first) / length) * (right - left), y: (x) => bottom - part(x) * (bottom - top) };
}
function paintCurve() {
  const s = scales();
  mark(curve, "viewBox", `0 0 ${s.wide} ${s.high}`);
  curve.replaceChildren();
  for (const tick of s.yTicks) {
    make(curve, "path", { class: "grid", d: `M${s.left} ${s.y(tick)}H${s.right}` });
    make(curve, "text", { class: "tick", x: s.left - 6, y: s.y(tick) + 0.33 * s.small, "text-anchor": "end" }, text(tick));
  }
  for (const tick of ticks(epochs[0], Math.max(epochs[last], epochs[0] + 1), Math.max(2, (s.right - s.left) / (5 * s.small))).filter(Number.isInteger)) {
    const isCut = s.x(tick) + 0.31 * s.small * String(tick).length > s.wide;
    make(curve, "text", { class: "tick", x: isCut ? s.wide : s.x(tick), y: s.high - 0.3 * s.small, "text-anchor": isCut ? "end" : "middle" }, String(tick));
  }
  if (best) make(curve, "path", { class: "best", d: `M${s.x(best)} ${s.top}V${s.bottom}` });
  const of = validation.map((x, i) => [i + 1, x]).filter(([epoch]) => epoch <= epochs[last]);
  make(curve, "path", { class: "validation", d: line(of, s) });
  make(curve, "path", { class: "training", d: line(losses.map((x, k) => [epochs[k], x]), s) });
  const x = s.x(epochs[index]), loss = losses[index];
  make(curve, "path", { class: "cursor", d: `M${x} ${s.top}V${s.bottom}` });
  if (Number.isFinite(loss)) make(curve, "circle", { class: "dot", cx: x, cy: s.y(loss), r: 5 });
  mark(curve, "aria-label", `The loss over the epochs, from ${text(losses[0])} to ${text(losses[last])}; at epoch ${epochs[index]} it is ${text(loss)}`);
}
function line(points, s) { // it is broken where a number is not finite
  let isDown = false, d = "";
  for (const [epoch, x] of points) {
    const isHere = Number.isFinite(x) && (!isLog || x > 0);
    if (isHere) d += `${isDown ? "L" : "M"}${s.x(epoch).toFixed(1)} ${s.y(x).toFixed(1)}`;
    isDown = isHere;
  }
  return d;
}
function nearest(epoch) { // of the moments
  return epochs.reduce((nearest, each, k) => (Math.abs(each - epoch) < Math.abs(epochs[nearest] - epoch) ? k : nearest), 0);
}
function visitCurve(event) {
  const s = scales(), box = curve.getBoundingClientRect(), x = ((event.clientX - box.left) / box.width) * s.wide;
  go(nearest(epochs[0] + ((x - s.left) / (s.right - s.left)) * (epochs[last] - epochs[0])));
}
curve.addEventListener("pointerdown", (event) => { curve.setPointerCapture(event.pointerId); visitCurve(event); });
curve.addEventListener("pointermove", (event) => { if (curve.hasPointerCapture(event.pointerId)) visitCurve(event); });
function setLog(value) {
  isLog = value && canBeLog;
  find("log").setAttribute("aria-pressed", String(isLog));
  paintCurve();
}
function prepareCurve() {
  find("log").disabled = !canBeLog;
  const positive = finite(losses);
  isLog = canBeLog && Math.max(...positive) > 20 * Math.min(...positive);
  find("log").setAttribute("aria-pressed", String(isLog));
  const key = (kind, title) => { element(find("loss-keys"), "span", { class: `key ${kind}` }); element(find("loss-keys"), "span", {}, title); };
  key("training", "all examples");
  if (validation.length) key("validation", `validation, best after epoch ${best}`);
}
