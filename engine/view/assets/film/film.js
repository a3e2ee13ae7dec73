// Moving through the epochs: buttons, keys, the address, the sizes of the window; then the first paint.
let index = 0, by = "weight", chosen = -1, preview = -1, timer = 0;
const MOMENT = 220; // milliseconds, at speed 1

function paint(k) {
  index = Math.max(0, Math.min(last, k));
  const epoch = epochs[index], title = `epoch ${epoch} of ${epochs[last]}`;
  write(find("count"), title);
  write(find("now"), `loss ${text(losses[index])}${validation[epoch - 1] === undefined ? "" : `, validation ${text(validation[epoch - 1])}`}`);
  find("scrub").value = index;
  find("scrub").setAttribute("aria-valuetext", `${title}, loss ${text(losses[index])}`);
  find("start").disabled = find("back").disabled = index === 0;
  find("next").disabled = index === last;
  for (const name of Object.keys(quantities)) find(`by-${name}`).setAttribute("aria-pressed", String(name === by));
  if (index === last) stop();
  if (!isStrips()) paintNetwork();
  else write(find("legend"), legend(quantities[by], largestInRun(quantities[by])));
  paintStrips();
  paintPlane();
  paintCurve();
  paintPanel();
  tell();
  keepAddress();
}
function go(k) { paint(k); }
function tell() { // the line below the network: of what is pointed at, else of what is chosen
  const circle = circles[preview >= 0 ? preview : chosen];
  if (isStrips()) return tellStrip();
  readOut(pointed ? wireWords(pointed) : circle && circleWords(circle), "Point at a wire or a neuron for its numbers; a click keeps a neuron.");
}
function readOut(numbers, hint) { // the hint is not printed
  write(find("readout"), numbers || hint);
  find("readout").classList.toggle("hint", !numbers);
}
let pointed = null; // the wire under the pointer

// -- playing
function stop() {
  clearInterval(timer);
  timer = 0;
  find("play").textContent = "▶\uFE0E Play";
  find("play").setAttribute("aria-pressed", "false");
  find("readout").setAttribute("aria-live", "polite");
}
function start() {
  if (index === last) paint(0);
  clearInterval(timer);
  timer = setInterval(() => paint(index + 1), MOMENT / Number(find("speed").value));
  find("play").textContent = "❚❚ Pause";
  find("play").setAttribute("aria-pressed", "true");
  find("readout").setAttribute("aria-live", "off"); // nobody can listen that fast
}
const play = () => (timer ? stop() : start());

// -- what is chosen and shown
function present() { // for a projector: larger, and without the table
  const isPresented = document.body.classList.toggle("presenting");
  find("present").setAttribute("aria-pressed", String(isPresented));
  fit();
}
function choose(id) {
  chosen = chosen === id ? -1 : id;
  preview = -1;
  paint(index);
}
function colourBy(name) {
  by = name;
  paint(index);
}
function view(asStrips) {
  const canDraw = Boolean(data.network);
  stripsStage.hidden = !(asStrips || !canDraw);
  stage.hidden = !stripsStage.hidden;
  find("see-network").setAttribute("aria-pressed", String(!isStrips()));
  find("see-strips").setAttribute("aria-pressed", String(isStrips()));
  find("net-title").textContent = isStrips() ? "Parameters" : "Network";
  pointed = null;
  fit();
}
function fit() {
  readColours();
  if (!isStrips()) layOut();
  paint(index);
}
const circleOf = (event) => event.target.closest && event.target.closest("[data-circle]");
svg.addEventListener("pointerover", (event) => {
  const wire = event.target.closest("[data-wire]"), circle = circleOf(event), before = preview;
  pointed = wire ? wires[wire.dataset.wire] : null;
  if (pointed) write(pointed.title, wireWords(pointed));
  preview = circle ? Number(circle.dataset.circle) : -1;
  for (const each of wires) each.group.classList.toggle("pointed", each === pointed || (preview >= 0 && (each.to === preview || each.from === preview)));
  tell();
  if (preview !== before) paintPlane();
});
svg.addEventListener("pointerleave", () => {
  pointed = null;
  preview = -1;
  for (const each of wires) each.group.classList.remove("pointed");
  tell();
  paintPlane();
});
svg.addEventListener("click", (event) => {
  const circle = circleOf(event);
  if (circle && circle.hasAttribute("role")) choose(Number(circle.dataset.circle));
});

// -- the address: a reload or a link comes back to the moment
function address() {
  return `#epoch=${epochs[index]}${by === "weight" ? "" : `&by=${by}`}${chosen < 0 ? "" : `&circle=${chosen}`}`;
}
function keepAddress() { // a frame in a notebook has none
  clearTimeout(keepAddress.timer);
  keepAddress.timer = setTimeout(() => { try { window.history.replaceState(null, "", address()); } catch { /* no address here */ } }, 150);
}
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1)), epoch = Number(given.get("epoch") ?? NaN), circle = Number(given.get("circle") ?? -1);
  if (Object.keys(quantities).includes(given.get("by"))) by = given.get("by");
  if (circles[circle] && circles[circle].group.hasAttribute("role")) chosen = circle;
  if (epoch === epoch) index = nearest(epoch);
}
function restore() {
  readAddress();
  paint(index);
}
async function copyLink() {
  const link = location.href.split("#")[0] + address();
  try { await navigator.clipboard.writeText(link); } catch { prompt("The link to this moment:", link); }
  find("copy").textContent = "Copied";
  setTimeout(() => { find("copy").textContent = "Copy link"; }, 1500);
}

// -- buttons and keys
const actions = { start: () => go(0), back: () => go(index - 1), next: () => go(index + 1), play, present, copy: copyLink, log: () => setLog(!isLog),
  close: () => choose(-1), "see-network": () => view(false), "see-strips": () => view(true),
  "by-weight": () => colourBy("weight"), "by-gradient": () => colourBy("gradient"), "by-change": () => colourBy("change") };
for (const [id, action] of Object.entries(actions)) find(id).addEventListener("click", action);
find("scrub").addEventListener("input", (event) => go(Number(event.target.value)));
find("speed").addEventListener("change", () => { if (timer) start(); });
find("output").addEventListener("change", () => paint(index));
const keys = { arrowleft: actions.back, arrowright: actions.next, " ": play, home: actions.start, end: () => go(last), w: actions["by-weight"], g: actions["by-gradient"],
  c: actions["by-change"], l: actions.log, p: present, v: () => view(!isStrips()), escape: () => chosen >= 0 && choose(-1) };
document.addEventListener("keydown", (event) => {
  const { target } = event, key = event.key.toLowerCase(), circle = circleOf(event);
  if (event.ctrlKey || event.metaKey || event.altKey || target.tagName === "SELECT") return;
  if (circle && (key === "enter" || key === " ")) return event.preventDefault(), choose(Number(circle.dataset.circle));
  if (target === stripsStage && (key === "arrowup" || key === "arrowdown")) return event.preventDefault(), moveStrip(key === "arrowup" ? -1 : 1);
  if (!keys[key] || (key === " " && target.tagName === "BUTTON" && target.id !== "play")) return;
  event.preventDefault();
  keys[key]();
});

find("title").textContent = data.title;
find("why").textContent = [data.why, data.noPlane && program !== undefined && data.noPlane ? `No decision boundary: ${data.noPlane}.` : ""].filter(Boolean).join(" ");
find("scrub").max = last;
find("views").hidden = !data.network;
if (window !== window.top) find("copy").hidden = true; // a frame may not
readColours();
preparePlane();
if (plane && program) prepareScale();
prepareCurve();
readAddress();
view(!data.network);
const observer = new ResizeObserver(fit); // also when a notebook gives its frame another width, or a line of text breaks
for (const each of [stage, stripsStage, figure, curveFigure]) observer.observe(each);
addEventListener("hashchange", restore);
for (const media of ["(prefers-color-scheme: dark)", "print"]) matchMedia(media).addEventListener("change", fit);
