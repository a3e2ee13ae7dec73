// Why a node sends nothing: the sentences of engine/diagnosis.py, from the numbers of this moment.
const LINKS = 3, CAUSES = 2, LONGEST = 28; // of one reason that are spelled out; characters of a derivative that help
const usesOf = nodes.data.map(() => []); // the edges by their operands, in the order of the sweep
for (const [child, slot] of inOrder()) usesOf[parentsOf(child)[slot]].push([child, slot]);
const constants = new Set(nodes.constants);
const placeOf = (i) => nodes.places[nodes.at[i]];
const sendsNothing = (i) => now.grads[i] === 0 || parentsOf(i).every((parent) => constants.has(parent));
const slopeAt = ([child, slot]) => now.slopes[starts[child - firstNode] + slot];
const called = (i) => (nodes.operations[i - firstNode] || "a leaf").replaceAll("_", " ");

function gradText(i, otherwise = `the grad of ${called(i)} is 0`) {
  const shown = `${nodes.names[i]}.grad = 0`;
  return shown.length <= LONGEST ? shown : otherwise;
}
function zeroSlope(i, use) { // or a product that is too small
  const [child] = use, slope = `∂${nodes.names[child]}/∂${nodes.names[i]}`, where = placeOf(child) && ` at ${placeOf(child)}`;
  if (slopeAt(use) === 0) return (slope.length <= LONGEST ? `${slope} = 0` : `the slope of ${called(child)} is 0`) + where;
  return `${nodes.names[child]}.grad × ${slope} = ${text(now.grads[child])} × ${text(slopeAt(use))} underflows to 0${where}`;
}
function cause(i) { // what cancels, or why each term is 0
  const sent = usesOf[i].filter(([child]) => !sendsNothing(child)), idle = usesOf[i].filter(([child]) => sendsNothing(child));
  const amounts = sent.map((use) => [now.grads[use[0]] * slopeAt(use), use[0]]).filter(([amount]) => amount !== 0);
  const terms = amounts.map(([amount, child]) => `${signed(amount)} from ${nodes.names[child]}`);
  if (terms.length) return `its contributions cancel: ${terms.slice(0, 4).join(", ")}${terms.length > 4 ? ` and ${terms.length - 4} more` : ""}`;
  const causes = [...new Set([...sent.map((use) => zeroSlope(i, use)), ...idle.map(([child]) => gradText(child))])];
  const more = causes.length > CAUSES ? [`${causes.length - CAUSES} more`] : [];
  return [...causes.slice(0, CAUSES), ...more].join(" and ");
}
function reason(i) { // up to the first slope that is 0
  if (now.grads[i] !== 0) return "it was computed from plain numbers alone";
  const links = [gradText(i, "its grad is 0")];
  let end = i;
  while (usesOf[end].every(([child]) => sendsNothing(child))) [[end]] = usesOf[end];
  for (; i !== end && links.length < LINKS - 1; [[i]] = usesOf[i]) links.push(cause(i));
  return [...links, ...(i !== end ? ["…"] : []), cause(end)].join(", for ");
}
const sumsOf = (card) => (card.uses.length ? card.uses.map((use) => use.sum) : card.outputs);
const isIdle = (card) => sumsOf(card).every(sendsNothing);
const reasonOf = (card) => (isIdle(card) ? reason(sumsOf(card)[0]) : "its grad is 0");
