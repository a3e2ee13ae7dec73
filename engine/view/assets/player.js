// The steps: paint(k) shows step k from the numbers alone, and never asks what was there before.
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
let now = numbersOf(recorded.data, recorded.slopes);
let frames = [], last = 0, index = 0, timer = 0, motion = 0, withForward = data.forward, selected = -1;
const breakpoints = new Set(), afterPainting = []; // what else shows the numbers: the leaves, the chosen value

const code = data.code.map((line) => {
  const span = element(find("code"), "span", {}, line), indent = line.search(/\S|$/) + 4; // where a broken line goes on
  span.style.paddingLeft = `calc(.9rem + ${indent}ch)`;
  span.style.textIndent = `-${indent}ch`;
  return span;
});
const travelled = (frame) => edges.filter((edge) => (frame.kind === "compute" ? edge.node === frame.node : edge.id === frame.edge));

function chooseFrames() { // with the forward pass as a first act, or without
  const ready = now.frames.findIndex((frame) => frame.kind === "ready");
  frames = withForward ? now.frames : now.frames.slice(ready);
  last = frames.length - 1;
  find("scrub").max = last;
  find("forward").setAttribute("aria-pressed", String(withForward));
}
function paint(k) {
  index = Math.max(0, Math.min(last, k));
  const state = stateAt(index, frames, now), { frame } = state, lit = travelled(frame), isSending = frame.kind === "send";
  const hidden = isAsked(frame) ? frame : null; // its number is asked for
  for (const card of cards) paintCard(card, state, isSending ? lit[0].node : frame.node, isSending ? frame.node : null, hidden);
  for (const edge of edges) paintEdge(edge, state, lit.includes(edge), hidden);
  code.forEach((span, i) => span.classList.toggle("now", (data.lines[frame.kind] || []).includes(i)));
  find("title").textContent = fill(data.title, now);
  for (const part of ["say", "rule"]) find(part).textContent = fill(frame[part] || "", now);
  for (const part of ["numbers", "sum"]) find(part).textContent = hidden ? "" : fill(frame[part] || "", now);
  find("count").textContent = `${index + 1} / ${last + 1}`;
  find("scrub").value = index;
  find("scrub").setAttribute("aria-valuetext", `step ${index + 1} of ${last + 1}`);
  find("start").disabled = find("back").disabled = index === 0;
  find("next").disabled = find("continue").disabled = index === last;
  if (index === last) stop();
  for (const show of afterPainting) show(state);
}
function termsOf(card, sent) { // the seed, and the contributions that have arrived, as their pills stand
  const arrived = card.arriving.filter((edge) => !sent || sent.has(edge.id)).map((edge) => [now.contribution[edge.id], edge]);
  return [...(card.root ? [[1, null]] : []), ...arrived];
}
const isKnown = (card, state) => card.leaf || !withForward || state.computed.has(card.id);
function paintCard(card, state, active, target, hidden) {
  const arrived = state.grad.has(card.id), grad = state.grad.get(card.id) ?? 0, known = isKnown(card, state);
  const isHidden = hidden !== null && hidden.node === card.id, terms = termsOf(card, state.sent).map(([x]) => x);
  write(card.dataText, known ? text(now.data[card.id]) : "–");
  write(card.gradText, isHidden ? "?" : arrived ? text(grad) : "0");
  write(card.terms, isHidden ? "" : sumLine(terms));
  const kind = isHidden ? "zero" : sign(grad), W = card.size[0], part = isHidden ? 0 : partOf(grad) * (W / 2 - 9);
  mark(card.gradText, "class", "grad right " + kind);
  mark(card.bar, "x", W / 2 + Math.min(0, part));
  mark(card.bar, "width", Math.abs(part));
  mark(card.bar, "class", kind);
  mark(card.group, "data-grad", isHidden ? "" : Number.isInteger(grad) ? grad.toFixed(1) : String(grad));
  mark(card.group, "data-data", String(now.data[card.id]));
  write(card.title, fill(card.tip, now));
  card.mark.setAttribute("class", arrived ? kind : known ? "known" : "");
  for (const shown of [card.group, card.mark]) {
    shown.classList.toggle("active", card.id === active);
    shown.classList.toggle("target", card.id === target);
  }
  const seen = card.texts.map((each) => each.textContent).filter(Boolean).join(" ");
  mark(card.group, "aria-label", seen + (breakpoints.has(card.id) ? ", breakpoint" : ""));
}
function partOf(x) { // of the largest number, as a length: small ones are seen too, as in a picture
  const part = Math.max(-1, Math.min(1, x / now.largest));
  return part === part ? Math.sign(part) * Math.sqrt(Math.abs(part)) : 0;
}
function paintEdge(edge, state, isActive, hidden) {
  const isHidden = hidden !== null && hidden.edge === edge.id, isSent = state.sent.has(edge.id) && !isHidden;
  const isComputed = !withForward || state.computed.has(edge.node), carried = now.contribution[edge.id];
  write(edge.localText, isComputed ? edge.count || `× ${localText(edge, now)}` : "");
  write(edge.contributionText, isHidden ? "?" : isSent ? signed(carried) : "");
  mark(edge.contributionText, "class", "contribution " + (isSent ? sign(carried) : "zero"));
  const kind = (isSent ? ` sent ${sign(carried)}-edge` : "") + (isActive ? " active" : "") + (edge.isOnPath ? " path" : "");
  for (const part of edge.parts) mark(part, "class", "edge" + kind);
  mark(edge.wire, "stroke-width", isSent ? 1.2 + 3.3 * Math.abs(partOf(carried)) : isActive ? 2 : 1.2);
  const tip = fill(edge.tip, now);
  write(edge.title, tip);
  mark(edge.pill, "aria-label", tip + (isSent ? `, contribution ${signed(carried)}` : ""));
}

// -- what travels along a wire: a contribution on its way back, or data on its way forward
function rest() {
  cancelAnimationFrame(motion);
  sparks.replaceChildren();
}
function spark(shown, way) {
  const group = make(sparks, "g", { class: "spark " + way }), half = 7 + 3.6 * [...shown].length;
  make(group, "rect", { x: -half, y: -10, width: 2 * half, height: 20, rx: 10 });
  make(group, "text", { y: 4.2 }, shown);
  return group;
}
function travel() {
  const frame = frames[index], isBack = frame.kind === "send", begun = performance.now();
  const time = Math.min(800, find("speed").value * 0.75);
  const trips = isAsked(frame) ? [] : travelled(frame).map((edge) => ({ wire: edge.wire, length: edge.wire.getTotalLength(),
    tag: isBack ? spark(signed(now.contribution[edge.id]), sign(now.contribution[edge.id])) : spark(text(now.data[edge.parent]), "forth") }));
  if (!trips.length) return;
  (function move(moment) {
    const part = Math.min(1, Math.max(0, (moment - begun) / time));
    for (const trip of trips) {
      const at = trip.wire.getPointAtLength(trip.length * (isBack ? part : 1 - part));
      trip.tag.setAttribute("transform", `translate(${at.x} ${at.y})`);
    }
    if (part < 1) motion = requestAnimationFrame(move);
    else rest();
  })(begun);
}

// -- moving through the steps
function show(k) {
  const isOnward = k === index + 1;
  rest();
  paint(k);
  if (isOnward && !reducedMotion.matches) travel();
  follow();
}
function follow() { // in a graph larger than its window the cards that the text speaks of come into view
  const frame = frames[index], lit = cards.filter((card) => card.group.matches(".active, .target"));
  if (frame.kind === "ready") lit.push(rootCard);
  if (!lit.length) return look();
  const operands = frame.kind === "compute" ? travelled(frame).map((edge) => cards[edge.parent]) : [];
  const active = cards.filter((card) => card.group.matches(".active"));
  comeIntoView([...lit, ...operands], lit, active.length ? active : lit.slice(0, 1));
  stepAside(lit);
}
function renew(numbers) { // other numbers, and the same step, or the one before it where it is skipped now
  const at = frames[index];
  rest();
  now = numbers;
  chooseFrames();
  const before = new Set(data.frames.slice(0, data.frames.indexOf(at) + 1));
  paint(frames.filter((frame) => before.has(frame)).length - 1);
}
function stop() {
  clearInterval(timer);
  timer = 0;
  find("play").textContent = "▶\uFE0E Play";
  find("play").setAttribute("aria-pressed", "false");
}
const atBreakpoint = ({ kind, node }) => breakpoints.has(node) && (["visit", "skip", "compute"].includes(kind)
  || (["seed", "send"].includes(kind) && cards[node].leaf));
function tick() {
  show(index + 1);
  if (atBreakpoint(frames[index]) || isAsked(frames[index])) stop();
}
function start() {
  if (index === last) show(0);
  find("play").textContent = "❚❚ Pause";
  find("play").setAttribute("aria-pressed", "true");
  timer = setInterval(tick, Number(find("speed").value));
}
const play = () => (timer ? stop() : start());
const go = (k) => { stop(); show(k); };
function toBreakpoint() {
  let k = index + 1;
  while (k < last && !atBreakpoint(frames[k])) k += 1;
  go(Math.min(k, last));
}
function toggleForward() { // to the start of the forward pass; from its middle on to the backward pass
  const stay = index - now.frames.findIndex((frame) => frame.kind === "ready");
  withForward = !withForward;
  chooseFrames();
  go(withForward ? 0 : Math.max(0, stay));
}
function toggleBreakpoint(card) {
  if (!breakpoints.delete(card.id)) breakpoints.add(card.id);
  card.group.classList.toggle("break", breakpoints.has(card.id));
  paint(index);
}
