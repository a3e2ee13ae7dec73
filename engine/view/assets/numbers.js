// All numbers of the page, computed from those of the graph's nodes: `numbersOf(v, slopes)` asks for nothing else.
for (const name of ["frames", "cards", "edges"]) {
  const { fields, rows } = data[name];
  data[name] = rows.map((row) => Object.fromEntries(fields.map((field, i) => [field, row[i]])));
}
const { nodes, cards, edges } = data, MARK = "\x7f";
const recorded = { data: nodes.data.map(number), slopes: nodes.slopes.map(number) }; // of the forward pass in Python
const firstNode = nodes.data.length - nodes.parents.length; // leaves come before
const starts = nodes.parents.reduce((all, parents) => [...all, all[all.length - 1] + parents.length], [0]);
const parentsOf = (i) => (i < firstNode ? [] : nodes.parents[i - firstNode]);
const sendsOf = (i) => parentsOf(i).map((_, slot) => [i, slot]);
const inOrder = () => nodes.parents.map((_, i) => firstNode + i).reverse().flatMap(sendsOf); // as the sweep goes
const edgesOf = cards.map((card) => edges.filter((edge) => edge.node === card.id));
const rootCard = cards.find((card) => card.root);

// -- from leaves to all data and slopes, by the rows of the graph
function forward(leaves, fixed = -1) { // `fixed` is a node that keeps its number, whatever it is computed from
  leaves.forEach((x, i) => { program.v[i] = x; });
  for (const [i, compute] of program.rows) if (i !== fixed) program.v[i] = compute();
  return [...program.v];
}
const slopesNow = () => program.rows.flatMap((row) => row[2]());

// -- the backward pass
function sweep(slopes) {
  const grads = nodes.data.map(() => 0), contributions = slopes.map(() => 0);
  grads[nodes.root] = 1;
  for (let i = nodes.parents.length - 1; i >= 0; i -= 1) {
    const grad = grads[firstNode + i];
    if (grad === 0) continue;
    nodes.parents[i].forEach((parent, slot) => {
      const contribution = grad * slopes[starts[i] + slot];
      contributions[starts[i] + slot] = contribution;
      grads[parent] += contribution;
    });
  }
  return { grads, contributions };
}
const add = (xs) => xs.reduce((sum, x) => sum + x, 0);

function numbersOf(v, slopes) {
  const { grads, contributions } = sweep(slopes);
  const now = { v, slopes, grads, contributions, data: cards.map((card) => add(card.outputs.map((i) => v[i]))) };
  now.local = edges.map((edge) => edge.chain.reduce((all, i) => all * slopes[i], 1));
  now.contribution = edges.map((edge) => (edge.sends.length === 1 ? contributions[edge.sends[0]] : add(edge.sends.map((i) => contributions[i]))));
  cards.forEach((card, i) => { if (card.outputs.length === 1) now.data[i] = v[card.outputs[0]]; }); // also -0
  addUp(now);
  now.frames = data.frames.filter((frame) => isPlayed(frame, now));
  const sizes = [...now.after, ...now.contribution].map(Math.abs).filter(Number.isFinite);
  now.largest = Math.max(1, ...sizes);
  return now;
}
function addUp(now) { // the running sum at each edge, in the order in which the page sends
  now.grad = cards.map((card) => (card.root ? 1 : 0));
  now.before = edges.map(() => 0);
  now.after = edges.map(() => 0);
  const sends = data.frames.filter((frame) => frame.kind === "send");
  for (const { edge, node } of sends) {
    now.before[edge] = now.grad[node];
    now.grad[node] += now.contribution[edge];
    now.after[edge] = now.grad[node];
  }
  const ended = new Set(); // where cards are groups the page adds in another order: the end is that of the sweep
  for (const { edge, node } of sends.reverse()) {
    if (ended.has(node) || cards[node].outputs.length > 1) continue;
    now.after[edge] = now.grad[node] = now.grads[cards[node].outputs[0]];
    if (now.contribution[edge] === 0) now.before[edge] = now.after[edge];
    else ended.add(node);
  }
}
function isPlayed(frame, now) { // of a card whose grad is 0 the visit is skipped
  const card = frame.kind === "send" ? edges[frame.edge].node : frame.node;
  const isQuiet = () => now.grad[card] === 0 && edgesOf[card].every((edge) => now.contribution[edge.id] === 0);
  if (frame.kind === "skip") return isQuiet();
  return frame.kind === "visit" || frame.kind === "send" ? !isQuiet() : true;
}

// -- numbers as text
if (nodes.unknown) nan = "?"; // a number of another engine that nobody can know
const isPresumed = ({ chain }) => chain.length === 1 && nodes.presumed.includes(chain[0]);
const localText = (edge, now) => text(now.local[edge.id]) + (isPresumed(edge) ? "?" : "");
function sumText(terms, most = 6) {
  const following = terms.slice(1, most).map((x) => `${x < 0 ? MINUS : "+"} ${text(Math.abs(x))}`);
  const more = terms.length > most ? [`+ ${terms.length - most} more`] : [];
  return [...terms.slice(0, 1).map(text), ...following, ...more].join(" ");
}
function sumLine(terms) { // the sum under a grad; one term is the grad itself
  if (terms.length < 2) return "";
  const line = `= ${sumText(terms)}`;
  return line.length <= 20 ? line : `= Σ of ${terms.length} terms`;
}
function fill(template, now) { // where a number belongs stands what it is the number of
  return template.split(MARK).map((part, i) => (i % 2 ? filled(part, now) : part)).join("");
}
function filled(code, now) {
  const isBracketed = code[0] === "(", [kind, ...digits] = isBracketed ? code.slice(1) : code, of = Number(digits.join(""));
  if (kind === "w") return reasonOf(cards[of]);
  if (kind === "t") return fill(edges[of].tip, now);
  if (kind === "s") return sumText(edges[of].sends.map((i) => now.contributions[i]));
  const x = { v: now.v, d: now.data, g: now.grad, l: now.local, c: now.contribution, b: now.before, a: now.after }[kind][of];
  const shown = kind === "l" ? localText(edges[of], now) : text(x);
  return isBracketed && x < 0 ? `(${shown})` : shown;
}
function stateAt(k, frames, now) { // what has arrived by step k; a pure function of it
  const state = { frame: frames[k], computed: new Set(), sent: new Set(), grad: new Map() };
  for (const { kind, node, edge } of frames.slice(0, k + 1)) {
    if (kind === "compute") state.computed.add(node);
    if (kind !== "seed" && kind !== "send") continue;
    if (kind === "send") state.sent.add(edge);
    state.grad.set(node, kind === "seed" ? 1 : now.after[edge]);
  }
  return state;
}
