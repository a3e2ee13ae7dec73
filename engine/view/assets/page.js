// Keys, buttons, the address, and pictures of the moment; then the first paint.
const names = new Map(); // of leaves in the address: the name, where it is the only one
for (const leaf of leaves) names.set(leaf.node, leaves.filter((each) => each.name === leaf.name).length === 1 ? leaf.name : `leaf${leaf.node}`);
function address() {
  const parts = [["step", index + 1], ...leaves.filter((leaf) => isChanged(leaf.node)).map((leaf) => [names.get(leaf.node), current[leaf.node]])];
  return "#" + (withForward ? "forward&" : "") + parts.map((part) => part.map(encodeURIComponent).join("=")).join("&");
}
function keepAddress() { // a frame in a notebook has none
  clearTimeout(keepAddress.timer);
  keepAddress.timer = setTimeout(() => { try { window.history.replaceState(null, "", address()); } catch { /* no address here */ } }, 150);
}
function restore() {
  const parts = location.hash.slice(1).split("&").filter(Boolean).map((part) => part.split("=").map(decoded));
  const given = new Map(parts.map(([name, x]) => [name, x === undefined ? NaN : Number(x)]));
  if (given.has("forward") !== withForward && given.size) { withForward = given.has("forward"); chooseFrames(); }
  const values = program ? leaves.filter((leaf) => given.has(names.get(leaf.node))) : [];
  if (values.length) change(values.map((leaf) => [leaf.node, given.get(names.get(leaf.node))]));
  paint((given.get("step") || 1) - 1);
}
function decoded(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}
async function copyLink() {
  const link = location.href.split("#")[0] + address();
  try { await navigator.clipboard.writeText(link); } catch { prompt("The link to this moment:", link); }
  find("copy").textContent = "Copied";
  setTimeout(() => { find("copy").textContent = "Copy link"; }, 1500);
}

// -- the moment as a picture
const PAINTED = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "font-family", "text-anchor", "visibility", "paint-order"];
function picture() { // a copy whose colours are written at each shape, as no other program reads the page's style
  const copy = svg.cloneNode(true), from = svg.querySelectorAll("*"), to = copy.querySelectorAll("*");
  to.forEach((shape, i) => {
    const style = getComputedStyle(from[i]);
    for (const name of PAINTED) shape.style.setProperty(name, style.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", svg.namespaceURI);
  copy.setAttribute("width", scene.wide);
  copy.setAttribute("height", scene.high);
  copy.style.cssText = `background:${getComputedStyle(document.body).backgroundColor};font-family:${getComputedStyle(svg).fontFamily}`;
  return new XMLSerializer().serializeToString(copy);
}
function download(url, name) {
  const link = element(document.body, "a", { href: url, download: name });
  link.click();
  link.remove();
}
const saveSvg = () => download("data:image/svg+xml," + encodeURIComponent(picture()), "moment.svg");
function savePng() {
  const image = new Image(), canvas = document.createElement("canvas"), scale = Math.min(2, 8000 / Math.max(scene.wide, scene.high));
  image.onload = () => {
    canvas.width = scene.wide * scale;
    canvas.height = scene.high * scale;
    const context = canvas.getContext("2d");
    context.fillStyle = getComputedStyle(document.body).backgroundColor;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    download(canvas.toDataURL("image/png"), "moment.png");
  };
  image.src = "data:image/svg+xml," + encodeURIComponent(picture());
}

// -- buttons and keys
function present() { // for a projector: nothing is smaller than 20 pixels
  document.body.classList.toggle("presenting");
  openTab("");
  find("present").setAttribute("aria-pressed", String(document.body.classList.contains("presenting")));
  zoom = 1;
  fit();
}
function search() {
  find("find").focus();
  find("find").select();
}
function lookFor() { // the first card whose name has what is typed
  const wanted = find("find").value.toLowerCase();
  const card = wanted && cards.find((each) => each.name.toLowerCase().includes(wanted));
  for (const each of cards) each.group.classList.toggle("found", each === card);
  if (card) comeIntoView([card]);
  if (leaves.length > SHOWN) listLeaves();
}
const actions = { start: () => go(0), back: () => go(index - 1), next: () => go(index + 1), continue: toBreakpoint, play,
  forward: toggleForward, ask: toggleAsking, present, copy: copyLink, "save-svg": saveSvg, "save-png": savePng,
  reset: () => { reset(); forgetSteps(); }, step: learn, undo, run, "value-break": () => toggleBreakpoint(cards[selected]) };
for (const [id, action] of Object.entries(actions)) find(id).addEventListener("click", action);
find("scrub").addEventListener("input", (event) => go(Number(event.target.value)));
find("speed").addEventListener("change", () => { if (timer) { stop(); start(); } });
find("find").addEventListener("input", lookFor);
find("find").addEventListener("keydown", (event) => {
  const card = cards.find((each) => each.group.classList.contains("found"));
  if (event.key === "Enter" && card) { select(card); card.group.focus(); }
});
const keys = { arrowleft: actions.back, arrowright: actions.next, " ": play, home: actions.start, end: () => go(last), c: toBreakpoint,
  f: toggleForward, p: present, "/": search, escape: () => openTab(""), b: () => selected >= 0 && toggleBreakpoint(cards[selected]),
  0: () => { zoom = 1; fit(); }, "+": () => { zoom *= 1.25; fit(); }, "-": () => { zoom /= 1.25; fit(); } };
document.addEventListener("keydown", (event) => {
  const action = keys[event.key.toLowerCase()], { tagName, id } = event.target;
  const isTyped = ["SELECT", "SUMMARY"].includes(tagName) || (tagName === "INPUT" && id !== "scrub");
  if (event.ctrlKey || event.metaKey || event.altKey || !action || isTyped) return;
  if (event.key === " " && tagName === "BUTTON" && id !== "play") return; // it presses the button
  event.preventDefault();
  action();
});

find("note").textContent = data.note;
document.body.classList.toggle("live", program !== null);
for (const id of ["tab-leaves", "tab-learn"]) find(id).hidden = !program;
if (window !== window.top) for (const id of ["copy", "save-svg", "save-png"]) find(id).hidden = true; // a frame may not
find("not-live").textContent = data.why;
afterPainting.push(showLeaves, showValue, showQuestion, keepAddress);
onFit = follow;
onLayout = () => paint(index);
chooseFrames();
if (program) listLeaves();
restore();
openTab(program && innerWidth >= 1360 && innerHeight >= 700 ? "leaves" : "");
showLearning();
new ResizeObserver(fit).observe(stage); // also when a notebook gives its frame another width
addEventListener("hashchange", restore);
fit();
