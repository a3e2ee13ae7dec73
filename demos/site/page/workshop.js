// The workshop: ten exercises, an editor for each, and the kit's own probe and judge in a worker.

import { python } from "@codemirror/lang-python";
import { foldEffect } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, keymap } from "@codemirror/view";
import { basicSetup } from "codemirror";
import { highlighting } from "./colours.js";
import { Container } from "./container.js";
import { DebuggerPanel } from "./debugger.js";
import KIT from "./exercises.json";
import { Python } from "./python.js";
import { Records } from "./records.js";
import { Shelf } from "./shelf.js";
import { keepSite, say, telling } from "./state.js";

const $ = (id) => document.getElementById(id);
const EXERCISES = Object.fromEntries(KIT.exercises.map((each) => [each.number, each]));
const numbers = () => KIT.exercises.filter(({ short }) => short || !$("short").checked).map(({ number }) => number);
const fileName = ({ name }) => `${name}.py`;

const shelf = new Shelf("chainrule.workshop.");
const kept = shelf.json("progress");
const records = new Records(Object.fromEntries(KIT.exercises.map(({ number, name }) => [number, name])), kept?.exercises ? kept : undefined);
const states = {}; // the editor's state of each exercise that was opened, with what can be undone
const shown = {}; // the last verdict and output of each
let now = null; // the exercise that is open

// -- the editor

const COMMANDS = [
  { key: "Mod-Enter", run: () => (check(), true) },
  { key: "Shift-Enter", run: () => (run(), true) },
];
const turn = Decoration.line({ class: "cm-turn" });
const mark = Decoration.line({ class: "cm-turn cm-mark" });

const markedPlace = ViewPlugin.fromClass(class {
  constructor(view) {
    this.decorations = decorated(view.state.doc);
  }
  update({ docChanged, state }) {
    if (docChanged) this.decorations = decorated(state.doc);
  }
}, { decorations: (plugin) => plugin.decorations });

function decorated(doc) {
  const [begin, end] = marks(doc);
  if (!begin || !end) return Decoration.none;
  const lines = Array.from({ length: end - begin + 1 }, (_, i) => begin + i);
  return Decoration.set(lines.map((i) => (i === begin || i === end ? mark : turn).range(doc.line(i).from)));
}

// The lines of the two marks around the place that the learner fills in.
function marks(doc) {
  const found = ["# ---- YOUR TURN ", "# ---- END OF YOUR TURN "].map((mark) => {
    for (let i = 1; i <= doc.lines; i += 1) if (doc.line(i).text.trim().startsWith(mark)) return i;
    return 0;
  });
  return found[0] < found[1] ? found : [0, 0];
}

// The cells of a file: from the line behind "# %%" to the line before the next one.
function cells(doc) {
  const heads = [];
  for (let i = 1; i <= doc.lines; i += 1) if (doc.line(i).text.startsWith("# %%")) heads.push(i);
  return heads.map((head, i) => {
    let last = (heads[i + 1] ?? doc.lines + 1) - 1;
    while (last > head && !doc.line(last).text.trim()) last -= 1;
    return { head, last, isText: doc.line(head).text.includes("[markdown]") };
  });
}

const extensions = [
  keymap.of(COMMANDS),
  basicSetup,
  python(),
  highlighting,
  markedPlace,
  EditorView.lineWrapping,
  EditorView.contentAttributes.of({ "aria-label": "Your file", tabindex: "0" }),
  EditorView.updateListener.of(({ docChanged }) => docChanged && later()),
];
const editor = new EditorView({ parent: $("editor"), extensions });
const source = () => editor.state.doc.toString();

function fresh(text) {
  const state = EditorState.create({ doc: text, extensions });
  return state.update({ effects: folds(state.doc) }).state;
}

// The texts between the cells of code stand folded: they are beside the editor.
const folds = (doc) => cells(doc).filter(({ isText, head, last }) => isText && last > head)
  .map(({ head, last }) => foldEffect.of({ from: doc.line(head).to, to: doc.line(last).to }));

function write(text) {
  editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  editor.dispatch({ effects: folds(editor.state.doc) });
}

const startOf = (line) => editor.state.doc.line(Math.max(1, Math.min(line, editor.state.doc.lines))).from;

function scrollTo(line) {
  editor.dispatch({ effects: EditorView.scrollIntoView(startOf(line), { y: "start", yMargin: 12 }) });
}

// Underlines the line of an error, or nothing.
function underline(line, message) {
  const { doc } = editor.state;
  const place = line && line <= doc.lines ? doc.line(line) : null;
  const from = place ? place.from + place.text.search(/\S|$/) : 0;
  const marks = place && place.to > from ? [{ from, to: place.to, severity: "error", message }] : [];
  editor.dispatch(setDiagnostics(editor.state, marks));
}

// -- what is kept in this browser

let pause = 0;
function later() {
  clearTimeout(pause);
  pause = setTimeout(save, 300);
}

// Keeps a text that was changed; one that is as at the start follows the start of a newer site.
function save() {
  clearTimeout(pause);
  if (!now) return;
  shelf.put(now.name, source() === now.start ? null : source());
}

function saveProgress() {
  shelf.put("progress", records.text());
  $("storage").textContent = shelf.works
    ? "Your files and your progress are kept in this browser."
    : "This browser keeps nothing for this page: save progress.json and your files before you close it.";
  list();
}
window.addEventListener("pagehide", save);

// -- Python

let busy = ""; // what is said of what runs
let panel = null; // the debugger that was opened last
const runtime = new Python({
  onState: telling(() => busy || "Ready"),
  onAsked: (message) => panel?.asked(message),
  onComplete: () => keepSite("workshop/"),
  name: `demos.workshop.in_browser ${KIT.memory}`,
});
const container = new Container(runtime, KIT);

// Runs a request of the container, one at a time; resolves to nothing if another one runs.
async function contained(words, request, onPrinted) {
  if (busy) return null;
  leaveQuestion();
  busy = words;
  for (const id of ["check", "run"]) $(id).disabled = true;
  $("stop").disabled = false;
  if (runtime.active.state.ready) say(words);
  $("notice").textContent = "";
  const came = await container.run(request, onPrinted);
  busy = "";
  for (const id of ["check", "run"]) $(id).disabled = false;
  $("stop").disabled = true;
  if (runtime.active.state.ready) say("Ready");
  if (came.stopped === null) $("notice").textContent = "Stopped.";
  return came.stopped === null ? null : came;
}

// Asks for what runs no file of a learner's; where a worker was replaced meanwhile, once more.
async function ask(request) {
  leaveQuestion();
  for (;;) {
    const answer = await runtime.ask(request);
    if (!answer.stopped) return answer;
  }
}

// A debugger that waits for a line would keep everything else waiting: it is ended with its worker.
function leaveQuestion() {
  if (panel?.waits) runtime.stop();
}

const judged = (number, { facts, stopped }) => ask({ do: "judge", number, facts, stopped });
const request = (what, more = {}) => ({ do: what, number: now.number, source: source(), ...more });

async function check() {
  save();
  const e = now;
  const came = await contained("Checking …", request("probe"));
  if (!came) return;
  const verdict = await judged(e.number, came);
  records.checked(e.number, verdict.passed, verdict.mistakes);
  saveProgress();
  shown[e.number] = { verdict, line: came.facts.find((fact) => fact.error)?.line };
  if (now === e) showVerdict(true);
}

async function run() {
  save();
  const e = now;
  let printed = "";
  const came = await contained("Running …", request("run"), (text) => {
    printed += text;
    if (now === e) showPrinted(printed);
  });
  if (!came) return;
  const error = came.facts.find((fact) => fact.error);
  const failed = error || came.stopped || !came.facts.some((fact) => fact.end);
  const verdict = failed ? await judged(e.number, came) : null;
  const before = shown[e.number];
  shown[e.number] = { ...(failed ? { verdict, line: error?.line } : before), printed: printed || (failed ? "" : "It printed nothing.") };
  if (now === e) showVerdict(failed);
}

// -- what is said

const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

const COMMAND = /python -m engine (?:draw|step|debug) .+?(?=, and in it|$)/;

// A line of a message as the kit prints it; behind a command stands a button that does it here.
function line(text) {
  if (text.startsWith("    ")) return element("pre", { textContent: text });
  const byHand = text.match(/python -i .*: (.*)$/)?.[1];
  if (byHand) return element("p", { textContent: text }, element("span", { className: "here", textContent: `In this page: write print(${byHand}) at the end of your file, and Run.` }));
  const command = text.match(COMMAND)?.[0];
  if (!command) return element("p", { textContent: text });
  const [before, after] = text.split(command);
  return element("p", {}, before, element("code", { textContent: command }), after, showButton(command));
}

const showButton = (command) => element("button", { className: "see", textContent: "Show it here", onclick: () => look(command) });

function showVerdict(scroll) {
  const { verdict, line: at, printed } = shown[now.number] ?? {};
  const place = $("verdict");
  place.replaceChildren();
  place.className = !verdict ? "" : verdict.passed ? "good" : "bad";
  underline(verdict && !verdict.passed ? at : 0, verdict?.message.split("\n")[0]);
  showPrinted(printed);
  if (!verdict) return;
  place.append(element("h3", {}, element("span", { textContent: verdict.passed ? "✓" : "✗" }), ` ${now.number}  ${now.title}`));
  place.append(...verdict.message.split("\n").map(line));
  if (verdict.traceback.length) place.append(element("pre", { textContent: verdict.traceback.join("\n") }));
  if (verdict.passed) place.append(onward());
  if (scroll) place.scrollIntoView({ block: "nearest" });
}

function onward() {
  const next = numbers().find((number) => number > now.number);
  if (!next) return element("p", { textContent: "That was the last one." });
  return element("button", { className: "first", textContent: `Next: ${next}  ${EXERCISES[next].title}`, onclick: () => open(next) });
}

function showPrinted(text) {
  $("printed").hidden = !text;
  $("output").textContent = text ?? "";
}

// -- see it: a picture, a page that plays, or the debugger

async function look(command) {
  const e = now;
  const came = await contained("Running …", request("look", { command }));
  if (!came || now !== e) return;
  const error = came.facts.find((fact) => fact.error);
  const seen = came.facts.find((fact) => "svg" in fact || "page" in fact || "said" in fact);
  $("look").hidden = false;
  $("looked").textContent = command;
  $("seen").replaceChildren();
  if (error?.error === "said") $("seen").textContent = error.says;
  else if (!seen) $("seen").append(...(await judged(e.number, came)).message.split("\n").map(line));
  else if (seen.page) $("seen").append(frame(seen.page));
  else if ("said" in seen) debug(seen);
  else $("seen").innerHTML = seen.svg || seen.too_large;
  $("look").scrollIntoView({ block: "nearest" });
}

function debug(seen) {
  panel = new DebuggerPanel($("seen"), (command) => runtime.ask({ do: "debug", command }), (line) => runtime.type(line));
  panel.show(seen);
}

function frame(page) {
  const made = element("iframe", { title: "The backward pass, step by step", srcdoc: page });
  made.setAttribute("sandbox", "allow-scripts");
  return made;
}

$("close").onclick = () => ($("look").hidden = true);

// -- hints and the solution

function showHints(last = false) {
  const { hints, solution } = records.content.exercises[now.number] ?? { hints: 0 };
  const seen = now.hints.slice(0, hints).map((html, i) => element("div", { innerHTML: `<h3>Hint ${i + 1} of ${now.hints.length}</h3>${html}` }));
  if (solution) seen.push(element("div", {}, element("h3", { textContent: "The solution: the marked place" }), element("pre", { textContent: now.solution })));
  $("hints").replaceChildren(...seen);
  $("hint").textContent = `Hint ${Math.min(hints + 1, now.hints.length)} of ${now.hints.length}`;
  $("hint").disabled = hints >= now.hints.length;
  if (last) seen.at(-1)?.scrollIntoView({ block: "nearest" });
}

$("hint").onclick = () => {
  records.hinted(now.number, Math.min(records.of(now.number).hints + 1, now.hints.length));
  saveProgress();
  showHints(true);
};

$("solution").onclick = async () => {
  if (!(await agreed("Show what stands in the marked place of the solution? Your progress notes that you have seen it."))) return;
  records.solutionSeen(now.number);
  saveProgress();
  showHints(true);
};

function agreed(question) {
  $("question").textContent = question;
  $("ask").returnValue = "no";
  $("ask").showModal();
  return new Promise((resolve) => {
    $("ask").onclose = () => $("ask").open || resolve($("ask").returnValue === "yes"); // not that of an earlier question
  });
}

// -- reset; what was there is kept

$("reset").onclick = async () => {
  if (source() === now.start) return notice(`${fileName(now)} is as at the start.`);
  if (await agreed(`Put ${fileName(now)} back to its start? Your text is kept and can be taken back.`)) replace(now.start, "is as at the start");
};

// Puts another text in the place of this one, and offers to take the old one back.
function replace(text, what) {
  const old = source();
  write(text);
  save();
  delete shown[now.number];
  showVerdict(false);
  notice(`${fileName(now)} ${what}. Your text is kept: `, "Take it back", () => {
    write(old);
    save();
    notice("");
  });
}

function notice(text, label, action) {
  $("notice").replaceChildren(text, ...(label ? [element("button", { className: "see", textContent: label, onclick: action })] : []));
}

// -- the list, and an exercise of it

function list() {
  const all = numbers();
  $("list").replaceChildren(...all.map((number) => {
    const { title, minutes } = EXERCISES[number];
    const passed = records.passed(number);
    const part = (className, ...inside) => element("span", { className }, ...inside);
    const mark = part("mark", passed ? "✓" : number === now?.number ? "›" : "");
    mark.setAttribute("aria-hidden", "true");
    const button = element("button", { className: passed ? "passed" : "open", title, onclick: () => open(number) },
      mark, part("number", `${number} `), part("name", `${title} `, part("minutes", `${minutes} min`)), part("unseen", passed ? " passed" : " open"));
    if (number === now?.number) button.setAttribute("aria-current", "true");
    return element("li", {}, button);
  }));
  $("done").textContent = `${all.filter((number) => records.passed(number)).length} of ${all.length} passed`;
}

function open(number) {
  save();
  if (now) states[now.number] = editor.state;
  now = EXERCISES[number];
  editor.setState(states[number] ?? fresh(shelf.text(now.name) ?? now.start));
  location.hash === `#${now.name}` || history.replaceState(null, "", `#${now.name}`);
  $("text").replaceChildren(...now.parts.map(part).filter(Boolean));
  $("text").scrollTop = 0;
  window.scrollTo(0, 0); // on a phone all of the page is one column
  $("look").hidden = true;
  notice("");
  list();
  showVerdict(false);
  showHints();
  requestAnimationFrame(() => begin(marks(editor.state.doc)[0] || 1));
}

// The editor begins at a line; the page stays at the text, which is above the editor on a phone.
function begin(line) {
  editor.scrollDOM.scrollTop = editor.lineBlockAt(startOf(line)).top - 12;
}

// A part of the text; for code a button that shows its lines in the editor.
function part({ html }, i) {
  if (html) return words(html);
  const cell = cells(editor.state.doc)[i];
  if (!cell) return null;
  return element("button", { className: "lines", textContent: `Code: lines ${cell.head + 1} to ${cell.last}`, onclick: () => scrollTo(cells(editor.state.doc)[i]?.head ?? 1) });
}

function words(html) {
  const made = element("div", { innerHTML: html });
  for (const code of made.querySelectorAll("code")) {
    const lines = code.textContent.trimEnd().split("\n");
    if (!lines.some((text) => COMMAND.test(text))) continue;
    if (code.parentElement.tagName !== "PRE") code.after(showButton(code.textContent));
    else code.parentElement.replaceWith(...lines.flatMap((text) => [element("pre", { textContent: text }), showButton(text)]));
  }
  return made;
}

// -- files: the kit's own

function download(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

$("save").onclick = () => download("progress.json", records.text(), "application/json");
$("keep").onclick = () => download(fileName(now), source(), "text/x-python");
$("open").onclick = () => $("files").click();
$("files").onchange = async ({ target }) => {
  for (const file of target.files) await take(file.name, await file.text());
  target.value = "";
};

// Takes a file of the kit: an exercise by its name, anything else as a progress file.
async function take(name, text) {
  const e = KIT.exercises.find((each) => fileName(each) === name);
  if (e) {
    if (e !== now) open(e.number);
    return replace(text.replaceAll("\r\n", "\n"), "was opened");
  }
  const { content, refused } = await ask({ do: "progress", name, text });
  if (refused) return notice(refused);
  records.content = content;
  $("name").value = content.name;
  saveProgress();
  showHints();
  notice(`${name} was opened: ${$("done").textContent}.`);
}

$("name").onchange = ({ target }) => {
  records.content.name = target.value;
  saveProgress();
};

// -- the page

function large(on) {
  document.documentElement.classList.toggle("large", on);
  $("large").setAttribute("aria-pressed", on);
  shelf.put("large", on ? "1" : null);
}
$("large").onclick = () => large($("large").getAttribute("aria-pressed") === "false");
$("short").onchange = () => {
  shelf.put("short", $("short").checked ? "1" : null);
  list();
};
$("check").onclick = check;
$("run").onclick = run;
$("stop").onclick = () => runtime.stop();

const named = () => KIT.exercises.find(({ name }) => location.hash === `#${name}`)?.number;
window.onhashchange = () => named() && named() !== now.number && open(named());

$("short").checked = shelf.text("short") === "1";
large(shelf.text("large") === "1");
$("name").value = records.content.name;
saveProgress();
open(named() ?? records.current(numbers()));
