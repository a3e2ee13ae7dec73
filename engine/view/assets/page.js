
"use strict";
// Everything on the page is painted from the data and the index of a step: paint(k) never asks what was there before.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  const EDGE = 10; // around the graph
  const READABLE = 0.7, LARGEST = 2.4; // of the size in which a card's text is as large as the page's small print
  const backwardAt = data.frames.findIndex((frame) => frame.kind === "ready");
  let frames = data.frames, last = 0, index = 0, timer = 0, motion = 0;
  const breakpoints = new Set();

  function make(parent, tag, attributes = {}, text = "") {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  }
  function cut(text, most) { // of a dotted name the end says more: layer1.neuron0.w2
    const all = [...text];
    if (all.length <= most) return text;
    return /^[\w.]+$/.test(text) && text.includes(".") ? "…" + all.slice(1 - most).join("").replace(/^\./, "") : all.slice(0, most - 1).join("") + "…";
  }

  // -- the graph, painted once --------------------------------------------------------------------------------
  const svg = find("graph"), stage = svg.parentElement, byId = new Map(data.cards.map((card) => [card.id, card]));
  const edgesLayer = make(svg, "g"), cardsLayer = make(svg, "g"), pillsLayer = make(svg, "g"), sparks = make(svg, "g", { id: "sparks" });

  function ports(key) { // the edges at one side of a card, from top to bottom, share the side evenly
    const sides = new Map();
    for (const edge of data.edges) {
      if (!sides.has(edge[key])) sides.set(edge[key], []);
      sides.get(edge[key]).push(edge);
    }
    const heights = new Map();
    for (const [id, edges] of sides) {
      edges.sort((a, b) => a.at[1] - b.at[1] || a.id - b.id);
      const gap = Math.min(16, (byId.get(id).size[1] - 30) / Math.max(1, edges.length - 1));
      edges.forEach((edge, i) => heights.set(edge.id, byId.get(id).at[1] + (i - (edges.length - 1) / 2) * gap));
    }
    return heights;
  }
  function curve(x1, y1, x2, y2) {
    const bend = (x1 - x2) / 2;
    return `C${x1 - bend} ${y1} ${x2 + bend} ${y2} ${x2} ${y2}`;
  }
  const leaves = ports("node"), arrives = ports("parent");
  for (const edge of data.edges) {
    const from = byId.get(edge.node), to = byId.get(edge.parent), [x, y] = edge.at, [PW, PH] = edge.size;
    const a = from.at[0] - from.size[0] / 2, ay = leaves.get(edge.id), b = to.at[0] + to.size[0] / 2, by = arrives.get(edge.id);
    const far = edge.bend.length && a - x - PW / 2 > 60; // dot's way around the cards in between
    const level = edge.bend.map(([at, high], i) => [at, i === 0 ? ay : i === edge.bend.length - 1 ? y : high]); // at both ends
    const around = far ? "C" + [...level, [x + PW / 2, y]].map((point) => point.join(" ")).join(" ") : curve(a, ay, x + PW / 2, y);
    const group = make(edgesLayer, "g", { class: "edge", id: `edge-${edge.id}` });
    edge.wire = make(group, "path", { class: "wire",
      d: `M${a} ${ay}${around}L${x - PW / 2} ${y}${curve(x - PW / 2, y, b + 9, by)}` });
    make(group, "path", { class: "arrow", d: `M${b} ${by}l11 -5v10z` });
    const pill = make(pillsLayer, "g", { class: "edge", id: `pill-${edge.id}` });
    make(pill, "rect", { class: "pill", x: x - PW / 2, y: y - PH / 2, width: PW, height: PH, rx: 8 });
    edge.localText = make(pill, "text", { class: "local", x, y: y - 3.5 });
    edge.contribution = make(pill, "text", { class: "contribution", x, y: y + 11 });
    make(pill, "title", {}, edge.tip);
    edge.parts = [group, pill];
  }
  for (const card of data.cards) {
    const [W, H] = card.size, x = card.at[0] - W / 2, y = card.at[1] - H / 2;
    const group = make(cardsLayer, "g", { class: "card" + (card.root ? " root" : ""), id: `card-${card.id}`, tabindex: 0,
      role: "button", "aria-pressed": "false", transform: `translate(${x} ${y})` });
    make(group, "title", {}, card.tip);
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
    if (card.note) make(group, "text", { class: "word right", x: W - 8, y: 17.5 }, card.note);
    make(group, "text", { class: "name", x: left, y: 18 }, cut(card.name, card.room));
    make(group, "text", { class: "word", x: 9, y: 41 }, card.sum ? "Σ data" : "data");
    make(group, "text", { class: "word", x: 9, y: 57.5 }, card.sum ? "Σ grad" : "grad");
    card.dataText = make(group, "text", { class: "data right", x: W - 9, y: 41 });
    card.grad = make(group, "text", { class: "grad right", x: W - 9, y: 57.5 });
    card.terms = make(group, "text", { class: "terms right", x: W - 9, y: 74 });
    make(group, "path", { class: "axis", d: `M9 ${H - 9.5}H${W - 9}M${W / 2} ${H - 13}v7` });
    card.bar = make(group, "rect", { y: H - 11.5, height: 4, rx: 2 });
    make(group, "rect", { class: "box", width: W, height: H, rx: 9 });
    make(group, "circle", { class: "stop", cx: 2, cy: 2, r: 7 });
    card.group = group;
    const toggle = () => {
      if (!breakpoints.delete(card.id)) breakpoints.add(card.id);
      group.classList.toggle("break", breakpoints.has(card.id));
      group.setAttribute("aria-pressed", String(breakpoints.has(card.id)));
    };
    group.addEventListener("click", toggle);
    group.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); toggle(); } });
  }
  const bends = data.edges.flatMap((edge) => edge.bend.map((at) => ({ at, size: [6, 6] }))); // a wire may go around everything
  const boxes = [...data.cards, ...data.edges, ...bends];
  const side = (axis, way) => boxes.map((box) => box.at[axis] + way * box.size[axis] / 2);
  const x0 = Math.min(...side(0, -1)) - EDGE, y0 = Math.min(...side(1, -1)) - EDGE;
  const wide = Math.max(...side(0, 1)) + EDGE - x0, high = Math.max(...side(1, 1)) + EDGE - y0;
  svg.setAttribute("viewBox", `${x0} ${y0} ${wide} ${high}`);
  function fit() { // as large as the window allows; what would be too small to read is scrolled instead
    const print = parseFloat(getComputedStyle(document.documentElement).fontSize) / 15;
    const two = 2 * Math.max(...data.cards.map((card) => card.size[0])) + 160; // a node, its parent and what is between
    const unit = Math.min(print, Math.max(0.6, stage.clientWidth / two));
    const all = Math.min(stage.clientWidth / wide, stage.clientHeight / high);
    const scale = all < READABLE * unit ? unit : Math.min(all, LARGEST);
    svg.style.width = `${Math.floor(wide * scale)}px`;
    svg.style.height = `${Math.floor(high * scale)}px`;
    const small = Math.min(0.1 * scale, Math.sqrt(0.03 * stage.clientWidth * stage.clientHeight / (wide * high)),
      stage.clientWidth / wide, stage.clientHeight / 2 / high);
    map.style.width = `${wide * small}px`;
    map.style.height = `${high * small}px`;
    map.classList.toggle("shown", isLarger());
    follow("auto");
  }
  const isLarger = () => stage.scrollWidth > stage.clientWidth + 4 || stage.scrollHeight > stage.clientHeight + 4;

  // -- the map, where the graph is larger than its window ---------------------------------------------------------
  const map = find("map");
  map.setAttribute("viewBox", `${x0} ${y0} ${wide} ${high}`);
  for (const card of data.cards) {
    const [W, H] = card.size;
    card.mark = make(map, "rect", { x: card.at[0] - W / 2, y: card.at[1] - H / 2, width: W, height: H, rx: 9 });
  }
  const pane = make(map, "rect", { class: "pane" });
  function look() { // the part that is in the window
    if (!svg.clientWidth) return; // in a frame that is not shown yet
    const scale = wide / svg.clientWidth;
    for (const [name, length] of [["x", x0 + stage.scrollLeft * scale], ["y", y0 + stage.scrollTop * scale],
      ["width", Math.min(wide, stage.clientWidth * scale)], ["height", Math.min(high, stage.clientHeight * scale)]]) pane.setAttribute(name, length);
  }
  function visit(event) { // the place under the pointer comes to the middle of the window
    const box = map.getBoundingClientRect(), part = (at, low, length) => (at - low) / length;
    stage.scrollTo(part(event.clientX, box.left, box.width) * svg.clientWidth - stage.clientWidth / 2,
      part(event.clientY, box.top, box.height) * svg.clientHeight - stage.clientHeight / 2);
  }
  map.addEventListener("pointerdown", (event) => { map.setPointerCapture(event.pointerId); visit(event); });
  map.addEventListener("pointermove", (event) => { if (map.hasPointerCapture(event.pointerId)) visit(event); });
  stage.addEventListener("scroll", look);

  const code = data.code.map((line) => {
    const span = document.createElement("span");
    span.textContent = line;
    const indent = line.search(/\S|$/) + 4; // where a line that is broken goes on
    span.style.paddingLeft = `calc(.9rem + ${indent}ch)`;
    span.style.textIndent = `-${indent}ch`;
    find("code").append(span);
    return span;
  });
  find("title").textContent = data.title;
  find("note").textContent = data.note;

  // -- the state at a step, from the data alone -----------------------------------------------------------------
  function state(k) {
    const grads = new Map(), contributions = new Map(), computed = new Set();
    for (const frame of frames.slice(0, k + 1)) {
      if (frame.kind === "compute") computed.add(frame.node);
      if (frame.kind === "seed" || frame.kind === "send") grads.set(frame.node, frame);
      if (frame.kind === "send") contributions.set(frame.edge, frame);
    }
    return { grads, contributions, computed, frame: frames[k], all: frames !== data.frames };
  }
  const travelled = (frame) => data.edges.filter((edge) => frame.kind === "compute" ? edge.node === frame.node : edge.id === frame.edge);
  function paint(k) {
    index = Math.max(0, Math.min(last, k));
    const now = state(index), frame = now.frame, lit = travelled(frame), sending = frame.kind === "send";
    for (const card of data.cards) paintCard(card, now, sending ? lit[0].node : frame.node, sending ? frame.node : null);
    for (const edge of data.edges) paintEdge(edge, now, lit.includes(edge));
    code.forEach((span, i) => span.classList.toggle("now", frame.lines.includes(i)));
    for (const part of ["say", "rule", "numbers", "sum"]) find(part).textContent = frame[part];
    find("count").textContent = `${index + 1} / ${last + 1}`;
    find("scrub").value = index;
    find("scrub").setAttribute("aria-valuetext", `step ${index + 1} of ${last + 1}`);
    find("start").disabled = find("back").disabled = index === 0;
    find("next").disabled = find("continue").disabled = index === last;
    if (index === last) stop();
  }
  function paintCard(card, now, active, target) {
    const frame = now.grads.get(card.id), known = card.leaf || now.all || now.computed.has(card.id);
    card.dataText.textContent = known ? card.data : "–";
    card.grad.textContent = frame ? frame.grad : "0";
    card.grad.setAttribute("class", "grad right " + (frame ? frame.sign : "zero"));
    card.terms.textContent = frame ? frame.terms : "";
    card.group.dataset.grad = frame ? frame.exact : "0.0";
    const W = card.size[0], part = frame ? frame.bar * (W / 2 - 9) : 0;
    card.bar.setAttribute("x", W / 2 + Math.min(0, part));
    card.bar.setAttribute("width", Math.abs(part));
    card.bar.setAttribute("class", frame ? frame.sign : "zero");
    card.mark.setAttribute("class", frame ? frame.sign : known ? "known" : "");
    for (const element of [card.group, card.mark]) {
      element.classList.toggle("active", card.id === active);
      element.classList.toggle("target", card.id === target);
    }
    card.group.setAttribute("aria-label", `${card.name}: data ${known ? card.data : "not computed"}, grad ${frame ? frame.grad : 0}; breakpoint`);
  }
  function paintEdge(edge, now, active) {
    const frame = now.contributions.get(edge.id);
    edge.localText.textContent = now.all || now.computed.has(edge.node) ? edge.local : "";
    edge.contribution.textContent = frame ? frame.contribution : "";
    edge.contribution.setAttribute("class", "contribution " + (frame ? frame.contribution_sign : "zero"));
    for (const part of edge.parts) part.setAttribute("class", "edge" + (frame ? ` sent ${frame.contribution_sign}-edge` : "") + (active ? " active" : ""));
    edge.wire.style.strokeWidth = frame ? 1.2 + 3.3 * Math.sqrt(Math.abs(frame.weight)) : active ? 2 : 1.2;
  }

  // -- moving through the steps -----------------------------------------------------------------------------------
  function rest() {
    cancelAnimationFrame(motion);
    sparks.replaceChildren();
  }
  function spark(text, way) { // what travels: a contribution on its way back, or a number on its way forward
    const group = make(sparks, "g", { class: "spark " + way }), half = 7 + 3.6 * [...text].length;
    make(group, "rect", { x: -half, y: -10, width: 2 * half, height: 20, rx: 10 });
    make(group, "text", { y: 4.2 }, text);
    return group;
  }
  function travel() { // along the wire: a contribution from the node to its parent, in the forward pass data the other way
    const frame = frames[index], back = frame.kind === "send", begun = performance.now();
    const time = Math.min(800, find("speed").value * 0.75);
    const trips = travelled(frame).map((edge) => ({ wire: edge.wire, length: edge.wire.getTotalLength(),
      tag: spark(back ? frame.contribution : byId.get(edge.parent).data, back ? frame.contribution_sign : "forth") }));
    if (!trips.length) return;
    (function move(moment) {
      const part = Math.min(1, Math.max(0, (moment - begun) / time));
      for (const trip of trips) {
        const at = trip.wire.getPointAtLength(trip.length * (back ? part : 1 - part));
        trip.tag.setAttribute("transform", `translate(${at.x} ${at.y})`);
      }
      if (part < 1) motion = requestAnimationFrame(move);
      else rest();
    })(begun);
  }
  function show(k) {
    const onward = k === index + 1;
    rest();
    paint(k);
    if (onward && !reducedMotion.matches) travel();
    follow(reducedMotion.matches ? "auto" : "smooth");
  }
  function follow(behavior) { // in a graph larger than its window the current cards come into view
    look();
    const lit = data.cards.filter((card) => card.group.matches(".active, .target"));
    if (!lit.length || !isLarger()) return;
    const operands = frames[index].kind === "compute" ? travelled(frames[index]).map((edge) => byId.get(edge.parent)) : [];
    const around = middle([...lit, ...operands]) || middle(lit) || middle(lit.slice(0, 1));
    stage.scrollBy({ ...around, behavior });
  }
  function middle(cards) { // how far it is to where these cards are in the middle; nothing if they have no room
    const boxes = cards.map((card) => card.group.getBoundingClientRect()), view = stage.getBoundingClientRect();
    const [left, top, right, bottom] = [Math.min(...boxes.map((box) => box.left)), Math.min(...boxes.map((box) => box.top)),
      Math.max(...boxes.map((box) => box.right)), Math.max(...boxes.map((box) => box.bottom))];
    if (cards.length > 1 && (right - left > view.width || bottom - top > view.height)) return null;
    return { left: (left + right) / 2 - view.left - view.width / 2, top: (top + bottom) / 2 - view.top - view.height / 2 };
  }
  function stop() {
    clearInterval(timer);
    timer = 0;
    find("play").textContent = "▶\uFE0E Play";
    find("play").setAttribute("aria-pressed", "false");
  }
  const atBreakpoint = (k) => ["visit", "skip", "compute"].includes(frames[k].kind) && breakpoints.has(frames[k].node)
    || ["seed", "send"].includes(frames[k].kind) && byId.get(frames[k].node).leaf && breakpoints.has(frames[k].node);
  function tick() {
    show(index + 1);
    if (atBreakpoint(index)) stop();
  }
  function start() {
    if (index === last) show(0);
    find("play").textContent = "❚❚ Pause";
    find("play").setAttribute("aria-pressed", "true");
    timer = setInterval(tick, Number(find("speed").value));
  }
  const play = () => timer ? stop() : start();
  const go = (k) => { stop(); show(k); };
  function toBreakpoint() {
    let k = index + 1;
    while (k < last && !atBreakpoint(k)) k += 1;
    go(Math.min(k, last));
  }
  function choose(forward) { // with the forward pass as a first act, or without
    frames = forward ? data.frames : data.frames.slice(backwardAt);
    last = frames.length - 1;
    find("scrub").max = last;
    find("forward").setAttribute("aria-pressed", String(forward));
  }
  function toggleForward() { // to the start of the forward pass; from its middle on to the backward pass
    const on = frames !== data.frames, stay = index - backwardAt;
    choose(on);
    go(on ? 0 : Math.max(0, stay));
  }
  const actions = { start: () => go(0), back: () => go(index - 1), next: () => go(index + 1), continue: toBreakpoint, play,
    forward: toggleForward };
  for (const [id, action] of Object.entries(actions)) find(id).addEventListener("click", action);
  find("scrub").addEventListener("input", (event) => go(Number(event.target.value)));
  find("speed").addEventListener("change", () => { if (timer) { stop(); start(); } });
  const keys = { arrowleft: actions.back, arrowright: actions.next, " ": play, home: actions.start, end: () => go(last),
    c: toBreakpoint, f: toggleForward };
  document.addEventListener("keydown", (event) => {
    const action = keys[event.key.toLowerCase()];
    if (event.ctrlKey || event.metaKey || event.altKey || !action || event.target.tagName === "SELECT") return;
    if (event.key === " " && event.target.tagName === "BUTTON" && event.target.id !== "play") return; // it presses the button
    event.preventDefault();
    action();
  });
  new ResizeObserver(fit).observe(stage); // also when a notebook gives its frame another width
  choose(data.forward);
  paint(0);
  fit();
})();
