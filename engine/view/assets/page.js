
"use strict";
// Everything on the page is painted from the data and the index of a step: paint(k) never asks what was there before.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const EDGE = 14;
  const last = data.frames.length - 1;
  let index = 0, timer = 0, motion = 0;
  const breakpoints = new Set();

  function make(parent, tag, attributes = {}, text = "") {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  }
  const cut = (text, most) => { const all = [...text]; return all.length > most ? all.slice(0, most - 1).join("") + "…" : text; };
  const sign = (weight) => weight > 0 ? "plus" : weight < 0 ? "minus" : "zero";

  // -- the graph, painted once --------------------------------------------------------------------------------
  const svg = find("graph"), byId = new Map(data.cards.map((card) => [card.id, card]));
  const edgesLayer = make(svg, "g"), cardsLayer = make(svg, "g"), pillsLayer = make(svg, "g");
  const spark = make(svg, "circle", { id: "spark", r: 5 });

  function ports(key, other) { // the edges at one side of a card, from top to bottom, share the side evenly
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
    const around = far ? "C" + [...edge.bend, [x + PW / 2, y]].map((point) => point.join(" ")).join(" ") : curve(a, ay, x + PW / 2, y);
    const group = make(edgesLayer, "g", { class: "edge", id: `edge-${edge.id}` });
    edge.wire = make(group, "path", { class: "wire",
      d: `M${a} ${ay}${around}L${x - PW / 2} ${y}${curve(x - PW / 2, y, b + 9, by)}` });
    make(group, "path", { class: "arrow", d: `M${b} ${by}l11 -5v10z` });
    const pill = make(pillsLayer, "g", { class: "edge", id: `pill-${edge.id}` });
    make(pill, "rect", { class: "pill", x: x - PW / 2, y: y - PH / 2, width: PW, height: PH, rx: 8 });
    make(pill, "text", { class: "local", x, y: y - 3.5 }, edge.many || "× " + edge.local);
    edge.share = make(pill, "text", { class: "share", x, y: y + 11 });
    make(pill, "title", {}, edge.rule);
    edge.parts = [group, pill];
  }
  for (const card of data.cards) {
    const [W, H] = card.size, x = card.at[0] - W / 2, y = card.at[1] - H / 2;
    const group = make(cardsLayer, "g", { class: "card" + (card.root ? " root" : ""), id: `card-${card.id}`, tabindex: 0,
      role: "button", "aria-pressed": "false", transform: `translate(${x} ${y})` });
    make(group, "title", {}, card.tip);
    make(group, "rect", { class: "box", width: W, height: H, rx: 9 });
    make(group, "path", { class: "head", d: `M1 26V9a8 8 0 0 1 8-8H${W - 9}a8 8 0 0 1 8 8V26z` });
    let left = 9;
    if (card.symbol) {
      const wide = Math.max(20, 10 + 6.7 * [...card.symbol].length);
      make(group, "rect", { class: "chip", x: 6, y: 5, width: wide, height: 17, rx: 8.5 });
      make(group, "text", { class: "symbol", x: 6 + wide / 2, y: 17.5 }, card.symbol);
      left = wide + 11;
    }
    if (card.note) make(group, "text", { class: "word right", x: W - 8, y: 17.5 }, card.note);
    make(group, "text", { class: "name", x: left, y: 18 }, cut(card.name, Math.floor((W - left - (card.note ? 12 + 6.7 * [...card.note].length : 6)) / 7.9)));
    make(group, "text", { class: "word", x: 9, y: 41 }, "data");
    make(group, "text", { class: "word", x: 9, y: 57 }, "grad");
    card.dataText = make(group, "text", { class: "data right", x: W - 9, y: 41 });
    card.grad = make(group, "text", { class: "grad right", x: W - 9, y: 57 });
    card.terms = make(group, "text", { class: "terms right", x: W - 9, y: 73 });
    make(group, "path", { class: "axis", d: `M9 ${H - 9.5}H${W - 9}M${W / 2} ${H - 13}v7` });
    card.bar = make(group, "rect", { y: H - 11.5, height: 4, rx: 2 });
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
  const boxes = [...data.cards, ...data.edges];
  const side = (axis, way) => boxes.map((box) => box.at[axis] + way * box.size[axis] / 2);
  const x0 = Math.min(...side(0, -1)) - EDGE, y0 = Math.min(...side(1, -1)) - EDGE;
  const wide = Math.max(...side(0, 1)) + EDGE - x0, high = Math.max(...side(1, 1)) + EDGE - y0;
  svg.setAttribute("viewBox", `${x0} ${y0} ${wide} ${high}`);
  function fit() { // as large as the window allows, but never too small to read
    const scale = Math.max(0.8, Math.min(1.35, (document.documentElement.clientWidth - 40) / wide));
    svg.setAttribute("width", wide * scale);
    svg.setAttribute("height", high * scale);
  }
  const code = data.code.map((line) => {
    const span = document.createElement("span");
    span.textContent = line;
    find("code").append(span);
    return span;
  });
  find("title").textContent = data.title;
  find("scrub").max = last;

  // -- the state at a step, from the data alone -----------------------------------------------------------------
  const acts = data.frames.some((frame) => frame.kind === "compute");
  function state(k) {
    const grads = new Map(), shares = new Map(), computed = new Set();
    for (const frame of data.frames.slice(0, k + 1)) {
      if (frame.kind === "compute") computed.add(frame.node);
      if (frame.kind === "seed" || frame.kind === "send") grads.set(frame.node, frame);
      if (frame.kind === "send") shares.set(frame.edge, frame);
    }
    return { grads, shares, computed, frame: data.frames[k] };
  }
  function paint(k) {
    index = Math.max(0, Math.min(last, k));
    const now = state(index), frame = now.frame, sending = data.edges.find((edge) => edge.id === frame.edge);
    for (const card of data.cards) paintCard(card, now, sending ? sending.node : frame.node, sending ? frame.node : null);
    for (const edge of data.edges) paintEdge(edge, now.shares.get(edge.id), edge === sending);
    code.forEach((span, i) => span.classList.toggle("now", frame.lines.includes(i)));
    for (const part of ["say", "rule", "sum"]) find(part).textContent = frame[part];
    find("count").textContent = `${index + 1} / ${last + 1}`;
    find("scrub").value = index;
    find("scrub").setAttribute("aria-valuetext", `step ${index + 1} of ${last + 1}`);
    find("start").disabled = find("back").disabled = index === 0;
    find("next").disabled = find("continue").disabled = index === last;
    if (index === last) stop();
  }
  function paintCard(card, now, active, target) {
    const frame = now.grads.get(card.id), known = card.leaf || !acts || now.computed.has(card.id);
    card.dataText.textContent = known ? card.data : "–";
    card.grad.textContent = frame ? frame.grad : "0";
    card.grad.setAttribute("class", "grad right " + (frame ? sign(frame.bar) : "zero"));
    card.terms.textContent = frame ? cut(frame.terms, 20) : "";
    card.group.dataset.grad = frame ? frame.exact : "0.0";
    const W = card.size[0], part = frame ? frame.bar * (W / 2 - 9) : 0;
    card.bar.setAttribute("x", W / 2 + Math.min(0, part));
    card.bar.setAttribute("width", Math.abs(part));
    card.bar.setAttribute("class", sign(part));
    card.group.classList.toggle("active", card.id === active);
    card.group.classList.toggle("target", card.id === target);
    card.group.setAttribute("aria-label", `${card.name}: data ${known ? card.data : "not computed"}, grad ${frame ? frame.grad : 0}; breakpoint`);
  }
  function paintEdge(edge, frame, active) {
    const kind = frame ? sign(frame.weight) : "zero";
    edge.share.textContent = frame ? frame.share : "";
    edge.share.setAttribute("class", "share " + kind);
    for (const part of edge.parts) part.setAttribute("class", "edge" + (frame ? ` sent ${kind}-edge` : "") + (active ? " active" : ""));
    edge.wire.style.strokeWidth = frame ? 1.2 + 3.3 * Math.sqrt(Math.abs(frame.weight)) : 1.2;
  }

  // -- moving through the steps -----------------------------------------------------------------------------------
  function travel() { // the contribution on its way from the node to its parent
    cancelAnimationFrame(motion);
    spark.style.visibility = "hidden";
    const edge = data.edges.find((one) => one.id === data.frames[index].edge);
    if (!edge || calm.matches) return;
    const length = edge.wire.getTotalLength(), begun = performance.now(), time = Math.min(700, find("speed").value * 0.7);
    spark.style.visibility = "visible";
    (function move(moment) {
      const part = Math.min(1, Math.max(0, (moment - begun) / time)), point = edge.wire.getPointAtLength(length * part);
      spark.setAttribute("cx", point.x);
      spark.setAttribute("cy", point.y);
      if (part < 1) motion = requestAnimationFrame(move);
      else spark.style.visibility = "hidden";
    })(begun);
  }
  function show(k) {
    const forward = k === index + 1;
    paint(k);
    if (forward) travel(); else { cancelAnimationFrame(motion); spark.style.visibility = "hidden"; }
    follow();
  }
  function follow() { // in a graph wider than its window the current card comes into view
    const stage = svg.parentElement, active = svg.querySelector(".card.active");
    if (!active || stage.scrollWidth <= stage.clientWidth + 4 && stage.scrollHeight <= stage.clientHeight + 4) return;
    const card = active.getBoundingClientRect(), view = stage.getBoundingClientRect();
    stage.scrollBy({ left: card.left + card.width / 2 - view.left - view.width / 2,
      top: card.top + card.height / 2 - view.top - view.height / 2, behavior: calm.matches ? "auto" : "smooth" });
  }
  function stop() {
    clearInterval(timer);
    timer = 0;
    find("play").textContent = "▶ Play";
    find("play").setAttribute("aria-pressed", "false");
  }
  const atBreakpoint = (k) => ["visit", "skip", "compute"].includes(data.frames[k].kind) && breakpoints.has(data.frames[k].node)
    || ["seed", "send"].includes(data.frames[k].kind) && byId.get(data.frames[k].node).leaf && breakpoints.has(data.frames[k].node);
  function tick() {
    show(index + 1);
    if (atBreakpoint(index)) stop();
  }
  function start() {
    if (index === last) paint(0);
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
  const actions = { start: () => go(0), back: () => go(index - 1), next: () => go(index + 1), continue: toBreakpoint, play };
  for (const [id, action] of Object.entries(actions)) find(id).addEventListener("click", action);
  find("scrub").addEventListener("input", (event) => go(Number(event.target.value)));
  find("speed").addEventListener("change", () => { if (timer) { stop(); start(); } });
  const keys = { ArrowLeft: actions.back, ArrowRight: actions.next, " ": play, Home: actions.start, End: () => go(last), c: toBreakpoint, C: toBreakpoint };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key] || event.target.tagName === "SELECT") return;
    if (event.key === " " && event.target.tagName === "BUTTON" && event.target.id !== "play") return; // it presses the button
    event.preventDefault();
    keys[event.key]();
  });
  addEventListener("resize", fit);
  fit();
  paint(0);
})();
