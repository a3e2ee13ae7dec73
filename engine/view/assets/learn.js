// Learn: the chosen leaves go a step against their gradients, again and again, and the root's value is drawn.
const learning = leaves.filter((leaf) => leaf.learns), past = []; // the leaves before each step, for undo
let losses = [now.v[nodes.root]], running = 0;

function learn() {
  const rate = find("rate").valueAsNumber;
  if (!Number.isFinite(rate)) return;
  const updates = learning.filter((leaf) => leaf.box.checked).map(({ node, name }) => ({ node, name, x: current[node], grad: now.grads[node] }));
  past.push([...current]);
  change(updates.map(({ node, x, grad }) => [node, x - rate * grad]));
  losses.push(now.v[nodes.root]);
  find("updates").replaceChildren();
  for (const { name, node, grad } of updates.slice(0, 12)) {
    element(find("updates"), "p", {}, `${name} ${MINUS}= ${text(rate)} × ${grad < 0 ? `(${text(grad)})` : text(grad)}   → ${text(current[node])}`);
  }
  if (updates.length > 12) element(find("updates"), "p", {}, `and ${updates.length - 12} more`);
  showLearning();
}
function undo() {
  const before = past.pop();
  if (!before) return;
  losses.pop();
  change(before.map((x, i) => [i, x]));
  find("updates").replaceChildren();
  showLearning();
}
function run() {
  if (running) clearInterval(running);
  running = running ? 0 : setInterval(learn, reducedMotion.matches ? 500 : 120);
  find("run").textContent = running ? "Pause" : "Run";
  find("run").setAttribute("aria-pressed", String(running !== 0));
}
function showLearning() {
  const W = 240, H = 80, known = losses.filter(Number.isFinite), low = Math.min(...known), high = Math.max(...known);
  const points = losses.map((loss, i) => [(i / Math.max(1, losses.length - 1)) * W, H - ((loss - low) / (high - low || 1)) * H]);
  find("curve-line").setAttribute("points", points.filter((point) => point.every(Number.isFinite)).map((point) => point.join(" ")).join(" "));
  const many = past.length === 1 ? "1 step" : `${past.length} steps`;
  find("losses").textContent = `${rootCard.name}: ${text(losses[0])} → ${text(now.v[nodes.root])} after ${many}`;
  find("undo").disabled = past.length === 0;
}
function forgetSteps() {
  if (running) run();
  past.length = 0;
  losses = [now.v[nodes.root]];
  find("updates").replaceChildren();
  showLearning();
}
for (const leaf of learning) {
  const label = element(find("chosen"), "label");
  leaf.box = element(label, "input", { type: "checkbox", checked: "" });
  label.append(leaf.name);
}
