// Predict: what a grad becomes is hidden until it is typed; a wrong number is compared with the usual mistakes.
const answered = new Set(); // frames
let isAsking = false;
function isAsked(frame) {
  return isAsking && frame.kind === "send" && !answered.has(frame);
}
const isClose = (x, y) => x === y || (x !== x && y !== y) || Math.abs(x - y) <= Math.max(1e-12, 5e-3 * Math.max(Math.abs(x), Math.abs(y)));

// The words are those of engine/debugger/mistakes.py, by the same keys. A way is a sweep with one thing done otherwise.
const MISTAKES = {
  assign: ["only the last contribution is there: was = written for +=?", [{ isAssigned: true }]],
  parents_as_set: ["a parent that is used twice gets two contributions: were parents kept in a set?", [{ isOnce: true }]],
  naive_recursion: ["a node has sent more than once: does backward call itself for each parent?",
    [{ order: met(true, true, true) }, { order: met(false, true, true) }, { order: met(true, false, true) }, { order: recursion(true) }]],
  forward_order: ["the leaves came first: the order of backward begins at the root", [{ order: () => inOrder().reverse() }]],
  pre_order: ["a node has sent before all that use it had: was the order wrong?",
    [{ order: met(true, true, false) }, { order: met(false, true, false) }, { order: met(false, true, false, true) }, { order: met(true, false, false) }, { order: recursion(false) }]],
  no_seed: ["nothing arrived: without the seed, root.grad = 1, every gradient stays 0", [{ seed: 0 }]],
  no_upstream: ["the local derivative alone: was the upstream gradient, node.grad, left out?", [{ upstream: false }]],
  product_unswapped: ["the product rule: ∂(x·y)/∂x is y, not x. Swapped?", [{ slope: ["multiply", (x) => x] }]],
  tanh_without_square: ["the slope of tanh is 1 - tanh(x)²: was the square left out?", [{ slope: ["tanh", (x, z) => 1 - z] }]],
  tanh_of_input: ["the slope of tanh taken at its input: 1 - z², where z is the output?", [{ slope: ["tanh", (x) => 1 - x * x] }]],
  exp_is_input: ["the slope of exp is exp(x), its output: was its input taken?", [{ slope: ["exp", (x) => x] }]],
  relu_always_one: ["the slope of relu is 0 on the left: was 1 taken everywhere?", [{ slope: ["relu", () => 1] }]],
  backward_twice: ["an earlier backward() is still in it: was zero_grad() forgotten?", [{ sweeps: 2 }, { sweeps: 2, isKept: true }]],
};
const MOST = 10000; // contributions; a sweep that goes along every path is stopped there

// -- orders: generators of [node, position of the operand], from the root
function met(isFirst, isDeep, isAgain, isEarly = false) { // as nodes are met from the root; early: noted when put on the list
  return function* order() {
    const noted = new Map([[nodes.root, isEarly]]), waiting = [nodes.root];
    while (waiting.length) {
      const i = isDeep ? waiting.pop() : waiting.shift();
      if (noted.get(i) && !(isAgain || isEarly)) continue;
      noted.set(i, true);
      yield* sendsOf(i);
      for (const parent of isFirst === isDeep ? [...parentsOf(i)].reverse() : parentsOf(i)) {
        if (!isAgain && noted.get(parent)) continue;
        noted.set(parent, noted.get(parent) || isEarly);
        waiting.push(parent);
      }
    }
  };
}
function recursion(isAgain) { // a function that calls itself for the parent after each contribution
  return function* order() {
    const seen = new Set([nodes.root]), waiting = [sendsOf(nodes.root)];
    while (waiting.length) {
      const send = waiting[waiting.length - 1].shift();
      if (!send) { waiting.pop(); continue; }
      yield send;
      const parent = parentsOf(send[0])[send[1]];
      if (!isAgain && seen.has(parent)) continue;
      seen.add(parent);
      waiting.push(sendsOf(parent));
    }
  };
}
function mistaken(way) { // the gradients that a sweep with this mistake gives
  const grads = nodes.data.map(() => 0);
  for (let round = 0; round < (way.sweeps || 1); round += 1) {
    if (!way.isKept) grads.fill(0, firstNode);
    grads[nodes.root] = "seed" in way ? way.seed : 1;
    let count = 0;
    for (const [i, slot] of (way.order || inOrder)()) {
      if (count++ === MOST) return [];
      const parents = parentsOf(i), parent = parents[slot];
      if (way.isOnce && parents.indexOf(parent, slot + 1) >= 0) continue; // the last one counts
      const slope = slopeOf(way, i, slot), contribution = way.upstream === false ? slope : grads[i] * slope;
      grads[parent] = way.isAssigned ? contribution : grads[parent] + contribution;
    }
  }
  return grads;
}
function slopeOf(way, i, slot) {
  const parents = parentsOf(i), [operation, slope] = way.slope || [];
  if (nodes.operations[i - firstNode] !== operation) return now.slopes[starts[i - firstNode] + slot];
  return slope(now.v[parents[slot]], now.v[i]);
}
function usualMistake(frame, answer) { // what gives this number for what the grad becomes
  const { edge, node } = frame, [i] = cards[node].outputs, right = now.after[edge], before = now.before[edge];
  const isLast = right === now.grad[node] && cards[node].outputs.length === 1;
  const fitting = Object.values(MISTAKES).filter(([, ways]) => ways.some((way) => gives(way, frame, answer, isLast && i)));
  if (fitting.length) return fitting.map(([sentence]) => sentence).join(" Or ");
  if (isClose(answer, -right) || isClose(answer, before - now.contribution[edge])) return "the sign";
  if (isClose(answer, now.data[node])) return "its data, not its gradient";
  return isClose(answer, now.contribution[edge]) ? "this contribution alone, not the sum" : "none of the usual mistakes leads to it";
}
function gives(way, { edge }, answer, leaf) { // at the end of the sweep, or in this step alone
  if (leaf !== false && isClose(mistaken(way)[leaf], answer)) return true;
  const [send] = edges[edge].sends, before = now.before[edge], i = firstNode + starts.findLastIndex((start) => start <= send);
  if (edges[edge].sends.length > 1 || edges[edge].chain.length > 1) return false;
  if (way.isAssigned) return before !== 0 && isClose(now.contribution[edge], answer);
  if (way.upstream === false) return isClose(before + now.slopes[send], answer);
  if (way.slope) return isClose(before + now.grads[i] * slopeOf(way, i, send - starts[i - firstNode]), answer);
  return false;
}
function showQuestion({ frame }) {
  const asked = isAsked(frame);
  find("question").hidden = !asked;
  find("say").hidden = find("rule").hidden = false;
  if (asked) find("asked").textContent = `${fill(frame.rule, now).split(" += ")[0]} was ${text(now.before[frame.edge])}. What does it become?`;
  if (asked) find("say").textContent = "";
  if (showQuestion.last !== frame) find("verdict").textContent = "";
  showQuestion.last = frame;
}
function answer(event) {
  event.preventDefault();
  const frame = frames[index], typed = Number(find("answer").value.replace(",", ".").replace(MINUS, "-"));
  if (find("answer").value.trim() === "" || !isAsked(frame)) return;
  if (isClose(typed, now.after[frame.edge])) reveal("Right.");
  else find("verdict").textContent = `No: ${usualMistake(frame, typed)}.`;
}
function reveal(verdict) {
  answered.add(frames[index]);
  find("answer").value = "";
  paint(index);
  find("verdict").textContent = verdict;
  find("next").focus();
}
function toggleAsking() {
  isAsking = !isAsking;
  answered.clear();
  find("ask").setAttribute("aria-pressed", String(isAsking));
  stop();
  paint(index);
}
find("question").addEventListener("submit", answer);
find("reveal").addEventListener("click", () => reveal(""));
