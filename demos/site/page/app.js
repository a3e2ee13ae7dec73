// The page: an editor on the left, what there is to see on the right; Python answers from a worker.

import { python } from "@codemirror/lang-python";
import { setDiagnostics } from "@codemirror/lint";
import { EditorView, keymap } from "@codemirror/view";
import { basicSetup } from "codemirror";
import { EXAMPLES } from "./examples.js";
import { Python } from "./python.js";
import { highlighting } from "./colours.js";
import { keepSite, say, telling } from "./state.js";

const $ = (id) => document.getElementById(id);
const state = { mode: "expression", values: {}, tab: "picture", busy: false, again: false, question: null, talked: false, dragged: "" };

// -- the editor

const editor = new EditorView({
  parent: $("editor"),
  extensions: [
    keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }]),
    basicSetup,
    python(),
    highlighting,
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": "Expression or Python code" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) changed();
    }),
  ],
});
const source = () => editor.state.doc.toString();

function write(text) {
  editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
}

let pause = 0;
function changed() {
  clearTimeout(pause);
  if (state.mode === "expression") pause = setTimeout(run, 250);
}

function underline(error) {
  const { doc } = editor.state;
  const marks = [];
  if (error?.line) {
    const line = doc.line(Math.min(error.line, doc.lines));
    const from = Math.min(line.from + error.column, Math.max(line.from, line.to - 1));
    marks.push({ from, to: Math.max(from + 1, Math.min(line.from + error.end, line.to)), severity: "error", message: error.message });
  }
  const inside = marks.filter((mark) => mark.to <= doc.length);
  editor.dispatch(setDiagnostics(editor.state, inside));
}

// -- Python

const runtime = new Python({
  onState: telling(() => (state.busy ? "Running …" : "Ready")),
  onAsked: asked,
  onComplete: () => keepSite("playground/"),
});

// Runs what is in the editor; while it runs, the newest wish waits, and those between are left out.
async function run() {
  if (state.question) stop(); // what waits for a line would wait for ever
  if (state.busy) {
    state.again = true;
    return;
  }
  clearTimeout(pause);
  begin();
  const text = source();
  const answer = await runtime.ask({ do: "run", mode: state.mode, source: text, values: state.values, direction: direction() });
  end();
  if (!answer.stopped) show(answer);
  if (state.again) {
    state.again = false;
    run();
  }
}

const direction = () => (matchMedia("(max-width: 820px)").matches ? "TB" : "LR"); // a phone is taller than wide

let urgent = 0;
function begin() {
  state.busy = true;
  state.talked = false;
  if (state.mode === "python") fail({ message: "" });
  $("stop").disabled = false;
  urgent = setTimeout(() => {
    if (!runtime.active.state.ready || state.question) return; // it still loads, or waits for a line
    $("stop").classList.add("urgent");
    say("Running …");
  }, 400);
}

function end() {
  state.busy = false;
  answered();
  clearTimeout(urgent);
  $("stop").disabled = true;
  $("stop").classList.remove("urgent");
  if (runtime.active.state.ready) say("Ready");
}

function stop() {
  state.again = false;
  runtime.stop();
  fail({ message: "Stopped." });
}

function fail(error) {
  $("error").textContent = error.line && state.mode === "python" ? `line ${error.line}: ${error.message}` : error.message;
  underline(error);
}

function show(answer) {
  $("output").textContent = answer.output ?? "";
  if (answer.died) return fail({ message: `Python was ended by the code (${ended(answer.died)}); a fresh one is in its place.` });
  if (!answer.error || answer.open) see(answer);
  if (answer.error) fail(answer.error);
  else remember();
  if (answer.open) open($(`tab-${answer.open}`));
  else if (!answer.error) refresh();
}

const TOO_DEEP = "too deep for a browser: a recursion, or a chain of thousands of values";
const ended = (reason) => (/call stack|too much recursion/.test(reason) ? TOO_DEEP : reason);

const READABLE = 0.5; // of its own size
function see(answer) {
  $("error").textContent = answer.too_large ?? "";
  underline(null);
  $("result").textContent = answer.result ?? "";
  $("graph").innerHTML = answer.svg ?? "";
  const svg = $("graph").firstElementChild;
  if (svg) svg.style.minWidth = `${READABLE * svg.width.baseVal.value}px`; // of a wide one, a part is seen
  $("sums").textContent = answer.why ?? "";
  $("table").textContent = answer.table ?? "";
  sliders(answer.leaves ?? []);
  $("meaning").textContent = answer.svg ? meaning(answer.leaves ?? []) : "";
}

// -- leaves

const short = (x) => (Number.isFinite(x) ? String(Number(x.toPrecision(5))).replace("-", "−") : String(x));

function sliders(leaves) {
  const shown = [...$("leaves").children];
  const same = shown.length === leaves.length && leaves.every((leaf, i) => shown[i].dataset.name === leaf.name);
  if (!same) $("leaves").replaceChildren(...leaves.map(slider));
  leaves.forEach((leaf, i) => update($("leaves").children[i], leaf));
}

function slider({ name, data }) {
  const row = document.createElement("div");
  row.className = "leaf";
  row.dataset.name = name;
  const word = document.createElement("span");
  word.textContent = name;
  const range = Object.assign(document.createElement("input"), { type: "range", step: "any", min: data - 3, max: data + 3 });
  const exact = Object.assign(document.createElement("input"), { type: "number", step: "any" });
  range.setAttribute("aria-label", `${name}, drag`);
  exact.setAttribute("aria-label", `${name}, as a number`);
  range.oninput = () => change(name, Number(range.value));
  range.onchange = () => { // pushed to an end, the range grows
    if (Number(range.value) - range.min < 0.02 || range.max - range.value < 0.02) {
      range.min = Number(range.value) - 3;
      range.max = Number(range.value) + 3;
    }
  };
  exact.onchange = () => exact.value !== "" && change(name, Number(exact.value));
  row.append(word, range, exact, document.createElement("output"));
  return row;
}

function update(row, { data, grad }) {
  const [, range, exact, output] = row.children;
  const still = state.mode === "python"; // code says itself what its leaves are
  range.disabled = exact.disabled = still;
  row.title = still ? "In Python, the code says what its leaves are: change it there" : "";
  if (document.activeElement !== range || still) {
    range.min = Math.min(range.min, data);
    range.max = Math.max(range.max, data);
    range.value = data;
  }
  if (document.activeElement !== exact) exact.value = Number(data.toPrecision(6));
  output.textContent = `grad ${short(grad)}`;
  output.className = grad > 0 ? "pos" : grad < 0 ? "neg" : "";
  output.dataset.grad = grad;
}

// What the gradient of the leaf that was dragged last says, in numbers that can be tried.
const NUDGE = 0.01;
function meaning(leaves) {
  const leaf = leaves.find(({ name }) => name === state.dragged) ?? leaves[0];
  if (!leaf || !Number.isFinite(leaf.grad)) return "";
  const { name, grad } = leaf;
  const effect = grad ? `${grad > 0 ? "rises" : "falls"} by about ${short(Math.abs(NUDGE * grad))}` : "stays as it is";
  const [way, end] = direction() === "LR" ? ["from right to left", "right"] : ["upwards", "lower"];
  return `${name}.grad is ${short(grad)}: if ${name} rises by ${NUDGE}, the result ${effect}. Every arrow carries a part of a ` +
    `gradient ${way}: the grad at its ${end} end times the local derivative in its pill. Parts that arrive at one card are added.`;
}

function change(name, value) {
  state.values[name] = value;
  state.dragged = name;
  run();
}

// -- the views

function refresh() {
  if (state.tab === "play") play();
  if (state.tab === "debug" && !state.talked) debug("");
}

async function play() {
  const { page, too_large: reason } = await runtime.ask({ do: "play" });
  if (page === undefined) return;
  const frame = Object.assign(document.createElement("iframe"), { title: "The backward pass, step by step", srcdoc: page });
  frame.setAttribute("sandbox", "allow-scripts");
  $("play").replaceChildren(page ? frame : (reason ?? "Run something first."));
}

// One command of the debugger of this graph; while code waits at its own debugger, a line for that one.
async function debug(command) {
  if (state.question?.debugging) return type(command || "restart");
  state.talked = false;
  log(command ? `(grad) ${command}\n` : null);
  const answer = await runtime.ask({ do: "debug", command });
  answered();
  if (answer.said === undefined) return;
  log(answer.said);
  $("moment").innerHTML = answer.svg ?? "";
}

function log(text) {
  $("said").textContent = text === null ? "" : ($("said").textContent + text).slice(-40_000);
  $("said").scrollTop = $("said").scrollHeight;
}

// Code asks for a line: engine.debug() in the tab Debug, anything else, as input() does, below the output.
function asked({ question, said, debugger: debugging, output, svg }) {
  state.question = { debugging };
  clearTimeout(urgent);
  $("stop").disabled = false;
  $("output").textContent = output;
  say(debugging ? "Your code waits for a command of the debugger" : "Your code waits for a line of input");
  $(debugging ? "question" : "asked").textContent = question;
  if (debugging) {
    if (!state.talked) log(null);
    state.talked = true;
    log(said);
    $("moment").innerHTML = svg ?? "";
    if (state.tab !== "debug") open($("tab-debug"));
  } else $("input").hidden = false;
  (debugging ? $("command") : $("line")).focus({ preventScroll: debugging });
}

function type(line) {
  answered();
  say("Running …");
  runtime.type(line);
}

function answered() {
  state.question = null;
  $("input").hidden = true;
  $("question").textContent = "(grad)";
}

const tabs = [...document.querySelectorAll("[role=tab]")];
function open(tab) {
  state.tab = tab.getAttribute("aria-controls");
  for (const each of tabs) {
    each.setAttribute("aria-selected", each === tab);
    each.tabIndex = each === tab ? 0 : -1;
    $(each.getAttribute("aria-controls")).hidden = each !== tab;
  }
  refresh();
}
for (const tab of tabs) {
  tab.onclick = () => open(tab);
  tab.onkeydown = ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    next.focus();
    open(next);
  };
}
for (const button of document.querySelectorAll("[data-command]")) button.onclick = () => debug(button.dataset.command);
const lines = []; // what was typed, for the arrow keys
let line = 0;
function enter(field, event) {
  event.preventDefault();
  const text = field.value.trim();
  if (text && text !== lines.at(-1)) lines.push(text);
  line = lines.length;
  field.value = "";
  if (state.question) type(text); // Enter alone repeats a command of the debugger
  else if (text) debug(text);
}
function recall(event) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || !lines.length) return;
  event.preventDefault();
  line = Math.max(0, Math.min(lines.length, line + step));
  event.target.value = lines[line] ?? "";
}
$("prompt").onsubmit = (event) => enter($("command"), event);
$("input").onsubmit = (event) => enter($("line"), event);
$("command").onkeydown = $("line").onkeydown = recall;

// -- what is chosen, and the link that holds it

function choose(mode) {
  state.mode = mode;
  for (const button of $("mode").children) button.setAttribute("aria-pressed", button.dataset.mode === mode);
}

function load(mode, text, values) {
  choose(mode);
  state.values = { ...values };
  $("leaves").replaceChildren();
  write(text);
}

function remember() {
  const bytes = new TextEncoder().encode(JSON.stringify([state.mode, source(), state.values]));
  const text = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  history.replaceState(null, "", `#${text}`);
}

function remembered() {
  try {
    const text = atob(location.hash.slice(1).replaceAll("-", "+").replaceAll("_", "/"));
    const [mode, code, values] = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (sign) => sign.charCodeAt(0))));
    return ["expression", "python"].includes(mode) && typeof code === "string" ? [mode, code, values ?? {}] : null;
  } catch {
    return null;
  }
}

for (const button of $("mode").children) {
  button.onclick = () => {
    choose(button.dataset.mode);
    run();
  };
}
for (const name of Object.keys(EXAMPLES)) $("examples").append(new Option(name, name));
$("examples").onchange = ({ target }) => {
  if (target.value) {
    load(...EXAMPLES[target.value]);
    run();
  }
};
$("run").onclick = run;
$("stop").onclick = stop;
$("link").onclick = async () => {
  remember();
  try {
    await navigator.clipboard.writeText(location.href);
    $("hint").textContent = "The link is copied; it holds what is written here.";
  } catch {
    $("hint").textContent = "The link is in the address bar; it holds what is written here.";
  }
};

function arrive(linked) {
  load(...(linked ?? EXAMPLES["A neuron"]));
  if (linked?.[0] === "python") fail({ message: "This code came with the link: read it, then press Run." });
  else run();
}
arrive(remembered());
window.onhashchange = () => arrive(remembered());
